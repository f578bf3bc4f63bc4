// Finds or decodes the block at RIP, and executes its instructions one after the other. The interpreter consists of this, and the
// translator falls back on it.
import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { Request } from '../../base/request.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { Access, FAULT, MMIO } from '../../mmu/vcpu-mmu.ts';
import { entryOf } from '../../mmu/tlb.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { decode } from '../decode/decode.ts';
import type { DeliverFault } from '../engine.ts';
import { readOutside } from '../outside.ts';
import { Vector } from '../arch/vectors.ts';
import { CodeCache, lossesAt } from './code-cache.ts';
import type { AcrossBlock, Block, CodePage } from './code-cache.ts';
import { Builders, Op } from './op.ts';

/**
 * Instructions decoded at once; each loss of a block at that place halves their number. So code that keeps changing is soon decoded
 * no further than it changes.
 */
const MAX_BLOCK_OPS = 64;
const HALVINGS = Math.log2(MAX_BLOCK_OPS);

/** No limit of CS, nor the end of the address space, comes within an instruction of RIP. */
const hasFlatCode = ({ mode, rip, state }: Cpu): boolean =>
  mode === CodeMode.BITS64
    ? Math.abs(rip) < 2 ** 47 - 2 * PAGE_SIZE
    : state.segLimit[Seg.CS] === 0xffffffff && rip < 2 ** 32 - 2 * PAGE_SIZE;

export interface InterpreterParts {
  readonly physical: PhysicalMemory;
  readonly deliverFault: DeliverFault;
}

export class BlockInterpreter {
  readonly cache: CodeCache;
  /** Host offset of the page that `blockAt` found last. */
  pageOffset = 0;
  private readonly builders = new Map<Cpu, Builders>();
  private readonly physical: PhysicalMemory;
  private readonly deliverFault: DeliverFault;

  constructor({ physical, deliverFault }: InterpreterParts) {
    this.physical = physical;
    this.cache = new CodeCache(() => physical.forgetCode());
    this.deliverFault = deliverFault;
  }

  /** Executes at most `most` instructions of the block at cpu.rip, or delivers the fault that comes up. */
  runBlock(cpu: Cpu, most: number): void {
    const builders = this.buildersOf(cpu);
    this.guard(cpu, () => this.execute(cpu, builders, this.blockAt(cpu), most));
  }

  /** Runs `body`. A fault that it raises is delivered; an outside access leaves a request. */
  guard(cpu: Cpu, body: () => void): void {
    try {
      body();
    } catch (signal) {
      this.settle(cpu, signal);
    }
  }

  /** Does what follows when `signal` left an instruction: see signals.ts. What is no signal is thrown on. */
  settle(cpu: Cpu, signal: unknown): void {
    if (signal === cpu.faultSignal) {
      this.deliverFault(cpu);
      // A delivery costs one, so that a guest whose handler faults forever still uses up its limit.
      cpu.remaining--;
    } else if (signal === cpu.exitSignal) {
      cpu.request(Request.EXIT);
    } else if (signal === cpu.stallSignal) {
      cpu.remaining--;
    } else {
      throw signal;
    }
  }

  buildersOf(cpu: Cpu): Builders {
    let builders = this.builders.get(cpu);
    if (builders === undefined) {
      builders = new Builders(cpu);
      this.builders.set(cpu, builders);
    }
    return builders;
  }

  /** Executes at most `most` instructions of a block, fewer if the budget ends or a request comes up. */
  execute(cpu: Cpu, builders: Builders, { ops }: Block, most: number): void {
    const { request } = cpu.state;
    const count = Math.min(ops.length, cpu.remaining, most);
    let rip = cpu.rip;
    if (cpu.mode !== CodeMode.BITS64 && cpu.state.segLimit[Seg.CS] !== 0xffffffff) {
      this.executeWithinLimit(cpu, builders, ops, count);
      return;
    }
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

  /** SDM vol. 3, "Limit Checking": #GP(0) for an instruction whose last byte lies beyond the limit of CS, before it does anything. */
  private executeWithinLimit(cpu: Cpu, builders: Builders, ops: readonly Op[], count: number): void {
    const { request, segLimit } = cpu.state;
    for (let n = 0; n < count; n++) {
      const op = ops[n];
      cpu.nextRip = cpu.rip + op.length;
      if (cpu.nextRip - 1 > segLimit[Seg.CS]) cpu.raise(Vector.GP, 0);
      op.execute(builders);
      cpu.rip = cpu.nextRip;
      cpu.remaining--;
      if (request[0] !== 0) break;
    }
  }

  /** The block at cpu.rip, decoded if it was not. May raise #PF or #GP of the fetch. */
  blockAt(cpu: Cpu): Block {
    if (cpu.mode !== CodeMode.BITS64) cpu.rip = cpu.rip >>> 0;
    const linear = this.fetchLinear(cpu, cpu.rip);
    const page = this.findPage(cpu, linear);
    if (page === null) return this.blockOnce(cpu);
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
    let at = tlb.find(tlb.execTag32, linear, cpu.fetchContext);
    if (at < 0) {
      at = cpu.mmu.translate(linear, Access.FETCH, cpu.fetchContext);
      if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
      if (at === MMIO) return null;
    }
    this.pageOffset = at - (linear & PAGE_MASK);
    return this.cache.page(tlb.gfn[entryOf(linear, cpu.fetchContext)], cpu.mode);
  }

  private decodeBlock(cpu: Cpu, page: CodePage, start: number): Block {
    const bytes = cpu.linear.u8;
    const base = this.pageOffset;
    const ops: Op[] = [];
    const most = MAX_BLOCK_OPS >> Math.min(lossesAt(page, start), HALVINGS);
    let at = start;
    while (at < PAGE_SIZE && ops.length < most) {
      const op = this.decodeWithin(cpu, bytes, base, at);
      if (op === null) break;
      ops.push(op);
      at += op.length;
      if (op.endsBlock) break;
    }
    if (ops.length === 0) return this.blockAcross(cpu, page, start);
    // The mark comes before the page is looked up: to make room for it, all pages may go.
    this.physical.markCode(page.gfn, start, at);
    return this.cache.add(this.cache.page(page.gfn, page.mode), start, at, ops);
  }

  /** A block that is not kept, of one instruction. */
  private blockOnce(cpu: Cpu): Block {
    return { ops: [this.decodeAcross(cpu)], end: 0, heat: 0, page: null };
  }

  /** The block of an instruction that reaches into the next page. Its bytes are compared each time, so it needs no marks. */
  private blockAcross(cpu: Cpu, page: CodePage, start: number): Block {
    if (!hasFlatCode(cpu)) return this.blockOnce(cpu);
    const known = page.across?.get(start);
    const inPage = PAGE_SIZE - start;
    if (known !== undefined && this.isSame(cpu, known.bytes, 0, inPage, this.pageOffset + start)) {
      const next = this.nextPage(cpu, cpu.rip + inPage);
      if (next !== MMIO && this.isSame(cpu, known.bytes, inPage, known.bytes.length, next)) return known;
    }
    const bytes: number[] = [];
    const next = this.nextPage(cpu, cpu.rip + inPage);
    let rip = cpu.rip;
    const op = new Op(
      decode(
        () => {
          const byte = this.fetchByte(cpu, rip++);
          bytes.push(byte);
          return byte;
        },
        cpu.mode,
        cpu.model.features,
      ),
    );
    const block: AcrossBlock = { ops: [op], end: PAGE_SIZE, heat: 0, page: next === MMIO ? null : page, bytes };
    page.across ??= new Map();
    if (next !== MMIO) page.across.set(start, block);
    return block;
  }

  /** Whether the bytes from … to - 1 of an instruction are at `host` and behind. */
  private isSame({ linear: { u8 } }: Cpu, bytes: readonly number[], from: number, to: number, host: number): boolean {
    for (let n = from; n < to; n++) if (bytes[n] !== u8[host + n - from]) return false;
    return true;
  }

  /** Host offset of the code at `rip`, or MMIO. May raise #PF. */
  private nextPage(cpu: Cpu, rip: number): number {
    const at = cpu.mmu.translate(this.fetchLinear(cpu, rip), Access.FETCH, cpu.fetchContext);
    if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
    return at;
  }

  /** null when the instruction does not end within the page. */
  private decodeWithin({ mode, model }: Cpu, bytes: Uint8Array, base: number, start: number): Op | null {
    let at = start;
    let past = false;
    const insn = decode(
      () => {
        if (at >= PAGE_SIZE) {
          past = true;
          return 0;
        }
        return bytes[base + at++];
      },
      mode,
      model.features,
    );
    return past ? null : new Op(insn);
  }

  /** Decodes one instruction byte by byte through the TLB, for those that cross a page or lie in a device. */
  private decodeAcross(cpu: Cpu): Op {
    let rip = cpu.rip;
    return new Op(decode(() => this.fetchByte(cpu, rip++), cpu.mode, cpu.model.features));
  }

  private fetchByte(cpu: Cpu, rip: number): number {
    const linear = this.fetchLinear(cpu, cpu.mode === CodeMode.BITS64 ? rip : rip >>> 0);
    const at = cpu.mmu.translate(linear, Access.FETCH, cpu.fetchContext);
    if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
    if (at !== MMIO) return cpu.linear.u8[at];
    return readOutside(cpu, 'mmio', cpu.mmu.mmioGpa, 1) & 0xff;
  }
}
