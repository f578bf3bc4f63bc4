// The interpreter: the reference engine, and the path for cold code. Finds or decodes the block at RIP and executes its
// instructions one after the other.

import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { Request } from '../../base/request.ts';
import { Activity, Seg } from '../../base/state/vcpu.ts';
import { Access, FAULT, MMIO } from '../../mmu/vcpu-mmu.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { decode } from '../decode/decode.ts';
import type { DeliverFault, Engine } from '../engine.ts';
import { Vector } from '../signals.ts';
import { CodeCache } from './code-cache.ts';
import type { Block, CodePage } from './code-cache.ts';
import { Builders, Op } from './op.ts';

const HIGH = 2 ** -32;

export class Interpreter implements Engine {
  readonly name = 'interpreter';
  private readonly cache = new CodeCache();
  private readonly builders = new Map<Cpu, Builders>();
  private readonly physical: PhysicalMemory;
  private readonly deliverFault: DeliverFault;
  /** Offset of the page that `findPage` found last, from the start of linear memory. */
  private pageOffset = 0;

  constructor(parts: { physical: PhysicalMemory; deliverFault: DeliverFault }) {
    this.physical = parts.physical;
    this.deliverFault = parts.deliverFault;
  }

  invalidate(gfn: number): void {
    this.cache.invalidate(gfn);
  }

  run(cpu: Cpu, limit: number): number {
    const { request, activity } = cpu.state;
    const builders = this.buildersOf(cpu);
    cpu.startEngine(limit);
    while (cpu.remaining > 0 && request[0] === 0 && activity[0] === Activity.ACTIVE) {
      try {
        this.execute(cpu, builders);
      } catch (signal) {
        if (signal === cpu.faultSignal) {
          this.deliverFault(cpu);
          // A delivery costs one, so that a guest whose handler faults forever still uses up its limit.
          cpu.remaining--;
        } else if (signal === cpu.exitSignal) {
          cpu.request(Request.EXIT);
        } else {
          throw signal;
        }
      }
    }
    return cpu.stopEngine();
  }

  private buildersOf(cpu: Cpu): Builders {
    let builders = this.builders.get(cpu);
    if (builders === undefined) {
      builders = new Builders(cpu);
      this.builders.set(cpu, builders);
    }
    return builders;
  }

  /** Runs blocks until the limit, a request, or a signal thrown through. */
  private execute(cpu: Cpu, builders: Builders): void {
    const { request, activity } = cpu.state;
    while (cpu.remaining > 0 && request[0] === 0 && activity[0] === Activity.ACTIVE) {
      const { ops } = this.blockAt(cpu);
      const count = ops.length < cpu.remaining ? ops.length : cpu.remaining;
      let rip = cpu.rip;
      for (let n = 0; n < count; n++) {
        const op = ops[n];
        cpu.rip = rip;
        cpu.nextRip = rip + op.length;
        op.execute(builders);
        rip = cpu.nextRip;
        cpu.remaining--;
        if (request[0] !== 0) break;
      }
      cpu.rip = rip;
    }
  }

  /** The block at cpu.rip, decoded if it was not. May raise #PF or #GP of the fetch. */
  private blockAt(cpu: Cpu): Block {
    if (cpu.mode !== CodeMode.BITS64) cpu.rip = cpu.rip >>> 0;
    const linear = this.fetchLinear(cpu, cpu.rip);
    const page = this.findPage(cpu, linear);
    if (page === null) return { ops: [this.decodeAcross(cpu)] };
    return page.blocks[linear & PAGE_MASK] ?? this.decodeBlock(cpu, page, linear & PAGE_MASK);
  }

  private fetchLinear(cpu: Cpu, rip: number): number {
    if (cpu.mode === CodeMode.BITS64) {
      if (rip < -(2 ** 47) || rip >= 2 ** 47) cpu.raise(Vector.GP, 0);
      return rip;
    }
    if (rip > cpu.state.segLimit[Seg.CS]) cpu.raise(Vector.GP, 0);
    return (rip + cpu.base[Seg.CS]) % 0x100000000;
  }

  /** The code page at `linear`, or null when the fetch is from a device. Sets pageOffset. May raise #PF. */
  private findPage(cpu: Cpu, linear: number): CodePage | null {
    const { tlb } = cpu.mmu;
    const low = linear | 0;
    const slot = ((low >>> 12) & 1023) + cpu.fetchContext * 1024;
    if (tlb.execTag32[2 * slot] !== (low & ~PAGE_MASK) >>> 0 || tlb.execTag32[2 * slot + 1] !== ((linear - (low >>> 0)) * HIGH) >>> 0) {
      const at = cpu.mmu.translate(linear, Access.FETCH, cpu.fetchContext);
      if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
      if (at === MMIO) return null;
    }
    this.pageOffset = tlb.host[slot];
    return this.cache.page(tlb.gfn[slot], cpu.mode);
  }

  private decodeBlock(cpu: Cpu, page: CodePage, start: number): Block {
    const bytes = cpu.linear.u8;
    const base = this.pageOffset;
    const ops: Op[] = [];
    let at = start;
    while (at < PAGE_SIZE) {
      const op = this.decodeWithin(bytes, base, at, cpu.mode);
      if (op === null) break;
      ops.push(op);
      at += op.length;
      if (op.endsBlock) break;
    }
    // The first instruction reaches into the next page: it depends on that page's mapping, so it is not kept.
    if (ops.length === 0) return { ops: [this.decodeAcross(cpu)] };
    const block = { ops };
    this.physical.markCode(page.gfn);
    page.blocks[start] = block;
    return block;
  }

  /** null when the instruction does not end within the page. */
  private decodeWithin(bytes: Uint8Array, base: number, start: number, mode: CodeMode): Op | null {
    let at = start;
    let past = false;
    const insn = decode(() => {
      if (at >= PAGE_SIZE) {
        past = true;
        return 0;
      }
      return bytes[base + at++];
    }, mode);
    return past ? null : new Op(insn);
  }

  /** Decodes one instruction byte by byte through the TLB, for those that cross a page or lie in a device. */
  private decodeAcross(cpu: Cpu): Op {
    let rip = cpu.rip;
    return new Op(decode(() => this.fetchByte(cpu, rip++), cpu.mode));
  }

  private fetchByte(cpu: Cpu, rip: number): number {
    const linear = this.fetchLinear(cpu, cpu.mode === CodeMode.BITS64 ? rip : rip >>> 0);
    const at = cpu.mmu.translate(linear, Access.FETCH, cpu.fetchContext);
    if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
    if (at !== MMIO) return cpu.linear.u8[at];
    const gpa = cpu.mmu.mmioGpa;
    const answer = cpu.host.readMmio(gpa, 1) ?? cpu.replay.take('mmio', 'read', gpa, 1, 0);
    if (answer === null) throw cpu.exitSignal;
    return answer & 0xff;
  }
}
