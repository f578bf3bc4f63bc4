// The translating engine: hot code runs as WebAssembly, the rest by the interpreter. It knows no instruction.

import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { Activity, Seg } from '../../base/state/vcpu.ts';
import { Access } from '../../mmu/access.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';
import { CodeMode } from '../builder/insn.ts';
import { codeModeOf, isSegmented } from '../code-key.ts';
import type { Cpu } from '../cpu.ts';
import type { Engine } from '../engine.ts';
import { clearIterationsLeft } from '../interrupted-repeat.ts';
import { BlockInterpreter } from '../interpreter/block-interpreter.ts';
import type { InterpreterParts } from '../interpreter/block-interpreter.ts';
import { enteredBlocks, lossesAt } from '../interpreter/code-cache.ts';
import type { Block, CodeCache, CodePage } from '../interpreter/code-cache.ts';
import { MadeCode } from '../made-code.ts';
import { HelperSites } from './helper-sites.ts';
import { JumpCache, JUMP_CACHE_BYTES } from './jump-cache.ts';
import type { RegionEntry } from './jump-cache.ts';
import type { CodeBounds } from './region-plan.ts';
import { WHOLE_PAGE, planRegion } from './region-planner.ts';
import type { CodeAtHand } from './region-planner.ts';
import { RegionStore } from './region-store.ts';
import { Outcome, TABLE_SIZE } from './runtime-module.ts';

export interface TranslatorParts extends InterpreterParts {
  readonly cpus: readonly Cpu[];
  /** Byte offset of the `jump-cache` region: one cache per vCPU. */
  readonly jumpCaches: number;
  /** Times a block is interpreted before it is translated. */
  readonly threshold?: number;
  /** Regions kept before all are dropped, plus one. */
  readonly tableSize?: number;
}

/** Translation costs about as much as a few hundred interpretations of a short block. */
const DEFAULT_THRESHOLD = 30;
/**
 * Times a block is interpreted before it is translated where code was lost `losses` times. Code that is overwritten once is other
 * code, and translated as soon. Code that keeps changing is interpreted.
 */
const patience = (threshold: number, losses: number, factor: number): number => (threshold + 1) * factor * 2 ** Math.max(0, losses - 1) - 1;
/** SDM vol. 2, "Instruction Format". */
const MAX_INSN_BYTES = 15;
/** Mostly the interpreter comes to the inside of a region because a slice ended there. What it goes to often is another matter. */
const INSIDE_PATIENCE = 8;
/** Budgets are i32 in translated code. */
const MAX_BUDGET = 2 ** 30;
/** Relative targets from addresses further out than this could leave the canonical range. */
const NEAR_CANONICAL_END = 2 ** 47 - 2 ** 33;

/** Linear address of the instruction at hand. */
const linearRip = (cpu: Cpu): number => (cpu.mode === CodeMode.BITS64 ? cpu.rip : (cpu.rip + cpu.base[Seg.CS]) % 2 ** 32);

/** Which bytes of the page are in CS, RIP being at `distance` from the page's start. 16-bit code usually ends at 64 KiB. */
function codeBounds({ rip, mode, state }: Cpu, distance: number): CodeBounds {
  const start = rip - distance;
  const limit = state.segLimit[Seg.CS];
  const last = mode === CodeMode.BITS16 && rip <= 0xffff ? Math.min(limit, 0xffff) : limit;
  return { low: Math.max(0, -start), high: Math.min(PAGE_SIZE, last + 1 - start) };
}

export class Translator implements Engine {
  readonly name = 'translator';
  /** Instructions retired by translated code, and by the interpreter. */
  readonly retired = { translated: 0, interpreted: 0 };
  private readonly blocks: BlockInterpreter;
  private readonly physical: PhysicalMemory;
  private readonly store: RegionStore;
  private readonly sites = new HelperSites();
  private readonly code: MadeCode;
  private readonly caches: readonly JumpCache[];
  private readonly threshold: number;
  /** The vCPU whose code runs. */
  private cpu!: Cpu;

  constructor(parts: TranslatorParts) {
    const { cpus, jumpCaches, threshold = DEFAULT_THRESHOLD, tableSize = TABLE_SIZE } = parts;
    const memory = cpus[0]!.linear;
    this.blocks = new BlockInterpreter(parts);
    this.physical = parts.physical;
    this.threshold = threshold;
    this.caches = cpus.map((_, n) => new JumpCache(memory, jumpCaches + n * JUMP_CACHE_BYTES));
    this.store = new RegionStore({
      memory,
      caches: this.caches,
      code: parts.physical.code.layout,
      translate: (low, high, access) => this.translateAddress(low, high, access),
      sites: this.sites,
      tableSize,
      lost: (gfn, distance, key) => this.blocks.cache.cool(gfn, codeModeOf(key), distance),
      flushed: (gfn) => this.code.remarkPage(gfn),
    });
    this.code = new MadeCode(parts.physical, [this.blocks.cache, this.store]);
  }

  /** Regions made, their bytes of WebAssembly, those lost since their bytes changed, and how often all were dropped. */
  get made(): RegionStore['made'] {
    return this.store.made;
  }

  /** Blocks decoded and lost so far. */
  get blockCounts(): Readonly<CodeCache['counts']> {
    return this.blocks.cache.counts;
  }

  invalidate(gfn: number, from: number, to: number): void {
    this.code.invalidate(gfn, from, to);
  }

  forget(): void {
    this.code.forget();
  }

  run(cpu: Cpu, limit: number): number {
    const { request, activity, codeKey } = cpu.state;
    this.cpu = cpu;
    cpu.startEngine(limit);
    while (cpu.remaining > 0 && request[0] === 0 && activity[0] === Activity.ACTIVE) {
      const outcome = codeKey[0] === 0 ? Outcome.STOP : this.dispatch(cpu);
      if (outcome === Outcome.MISS) this.miss(cpu);
      else if (outcome === Outcome.LEFT) this.left(cpu);
      // INTERPRET: one instruction. STOP: the rest of the budget is shorter than the block, or a request waits.
      else if (cpu.remaining > 0 && request[0] === 0) this.interpret(cpu, outcome === Outcome.INTERPRET ? 1 : Infinity);
      else if (outcome === Outcome.INTERPRET) this.finishInstruction(cpu);
    }
    return cpu.stopEngine();
  }

  /** Runs translated code from cpu.rip for as long as there is any. */
  private dispatch(cpu: Cpu): number {
    const { budget, budgetEnd } = cpu.state;
    const { remaining } = cpu;
    const limit = Math.min(remaining, MAX_BUDGET);
    cpu.storeRip();
    this.sites.enter(cpu, this.blocks.buildersOf(cpu), limit);
    budget[0] = limit;
    const end = cpu.host.tsc() + limit;
    budgetEnd[0] = end; // the low half: stores keep 32 bits
    budgetEnd[1] = end / 2 ** 32;
    const outcome = this.store.dispatch(cpu.blockOffset, cpu.mmu.tlb.views.base, this.caches[cpu.index]!.offset);
    const retired = limit - budget[0];
    cpu.loadRip();
    cpu.remaining = remaining - retired;
    this.retired.translated += retired;
    return outcome;
  }

  /** A helper was left in the middle, by what it raised or by what it waits for. */
  private left(cpu: Cpu): void {
    const { signal } = this.sites;
    if (signal === null) return;
    this.sites.signal = null;
    this.blocks.unwound(cpu, signal);
  }

  private interpret(cpu: Cpu, most: number): void {
    const before = cpu.remaining;
    clearIterationsLeft(cpu);
    this.blocks.runBlock(cpu, most);
    this.retired.interpreted += before - cpu.remaining;
  }

  /**
   * A request came up in the slow path of an access. The instruction that made the access is not executed yet, but the page that it
   * writes has been reported. It retires before the request is served, so that a dirty trigger is exact to the instruction.
   */
  private finishInstruction(cpu: Cpu): void {
    if (cpu.remaining > 0) this.interpret(cpu, 1);
  }

  /** No region in the jump cache: find it, make it, or interpret the block. */
  private miss(cpu: Cpu): void {
    const before = cpu.remaining;
    clearIterationsLeft(cpu);
    try {
      const block = this.blocks.blockAt(cpu);
      const region = this.regionFor(cpu, block);
      if (region === null) {
        this.blocks.execute(cpu, this.blocks.buildersOf(cpu), block, Infinity);
        // Iterations of a repeated instruction count as entries.
        block.heat += Math.max(0, before - cpu.remaining - block.ops.length);
      } else this.caches[cpu.index].put(linearRip(cpu), cpu.state.codeKey[0], this.blocks.pageOffset, region);
    } catch (signal) {
      this.blocks.unwound(cpu, signal);
    }
    this.retired.interpreted += before - cpu.remaining;
  }

  /** The region of the block at cpu.rip, or null when the block is to be interpreted. */
  private regionFor(cpu: Cpu, block: Block): RegionEntry | null {
    const { page } = block;
    // A block that is not kept was decoded for this once, perhaps from a device, which must not be read again. A request that the
    // fetch brought up (it set an accessed bit, and the table's page is tracked) comes after the instruction that was fetched.
    if (page === null || cpu.state.request[0] !== 0) return null;
    const key = cpu.state.codeKey[0];
    const distance = linearRip(cpu) & PAGE_MASK;
    const known = this.store.find(page.gfn, distance, key);
    if (known !== null || Math.abs(cpu.rip) > NEAR_CANONICAL_END) return known;
    const inside = this.store.isInside(page.gfn, distance, key);
    if (block.heat++ < patience(this.threshold, lossesAt(page, distance), inside ? INSIDE_PATIENCE : 1)) return null;
    const plan = planRegion(this.codeAtHand(cpu, page, distance, key), distance);
    if (plan.blocks[0]!.insns.length === 0) {
      block.heat = -Infinity;
      return null;
    }
    // Marks come last, for adding a region may drop others with theirs. There is room: the page has the marks of the block already.
    const region = this.store.add(page.gfn, key, plan);
    for (const { low, high } of plan.bytes) this.physical.markCode(page.gfn, low, high);
    return region;
  }

  private codeAtHand(cpu: Cpu, page: CodePage, distance: number, key: number): CodeAtHand {
    const { u8 } = cpu.linear;
    const host = this.blocks.pageOffset;
    const segmented = isSegmented(key);
    const next = segmented ? -1 : this.nextPage(cpu, distance);
    return {
      page: u8.subarray(host, host + PAGE_SIZE),
      following: u8.subarray(Math.max(next, 0), next < 0 ? 0 : next + MAX_INSN_BYTES - 1),
      mode: codeModeOf(key),
      features: cpu.model.features,
      bounds: segmented ? codeBounds(cpu, distance) : WHOLE_PAGE,
      entered: enteredBlocks(page),
    };
  }

  /** Host offset of the page behind the one at hand, or -1. What is read there is compared again before it is relied on. */
  private nextPage(cpu: Cpu, distance: number): number {
    const linear = linearRip(cpu) - distance + PAGE_SIZE;
    if (linear >= (cpu.mode === CodeMode.BITS64 ? 2 ** 47 : 2 ** 32)) return -1;
    const gpa = cpu.mmu.gpaOf(linear, Access.FETCH, cpu.fetchContext);
    return gpa < 0 ? -1 : this.physical.hostOffset(gpa);
  }

  /** See TRANSLATE_TYPE in runtime-module.ts. What is not plain RAM within a page is left to the interpreter. */
  private translateAddress(low: number, high: number, access: number): number {
    const { cpu } = this;
    const linear = high * 2 ** 32 + (low >>> 0);
    const bytes = access >>> 8;
    const context = (access >> 2) & 7;
    if (linear < -(2 ** 47) || linear >= 2 ** 47 || (low & PAGE_MASK) + bytes > PAGE_SIZE) return 0;
    return Math.max(0, cpu.mmu.attempt(linear, access & 3, context, bytes));
  }
}
