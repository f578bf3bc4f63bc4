// The regions that exist. They are compiled, placed in the function table, and found again by physical page, place in it, and code
// key. A region goes when a byte that it was made from is written. When the table is full all go, and what is hot comes back.

import type { LinearMemory } from '../../base/linear-memory.ts';
import { KEY_LIMIT } from '../code-key.ts';
import type { CodeMap } from '../../mmu/code-map.ts';
import type { CodeHolder, Mark } from '../made-code.ts';
import { quickImports } from '../x87/quick/instance.ts';
import type { HelperSites } from './helper-sites.ts';
import type { JumpCache, RegionEntry } from './jump-cache.ts';
import type { ByteRange, RegionPlan } from './region-plan.ts';
import { compileRegion } from './region-compiler.ts';
import { runtimeModule } from './runtime-module.ts';

const WASM_PAGE = 65536;

type Dispatch = (cpu: number, tlb: number, jumpCache: number) => number;
/** Slow path of a memory access in a region: see runtime-module.ts. */
export type TranslateAddress = (low: number, high: number, access: number) => number;
/** Executes an instruction for a region: see helper-sites.ts. */
type CallHelper = HelperSites['call'];

/** What `runtimeModule` exports. */
interface RuntimeExports {
  readonly dispatch: Dispatch;
  readonly table: WebAssembly.Table;
  readonly translate: WebAssembly.ImportValue;
  readonly gone: () => number;
  readonly helperWithFlags: WebAssembly.ImportValue;
  readonly flagAux: WebAssembly.ImportValue;
  readonly flagResult: WebAssembly.ImportValue;
  readonly copyRun: WebAssembly.ImportValue;
  readonly fillRun: WebAssembly.ImportValue;
}

interface Runtime {
  readonly dispatch: Dispatch;
  readonly table: WebAssembly.Table;
  /** Stands in the table for a region that is gone. It returns MISS, so that the place is looked up anew. */
  readonly gone: () => number;
  readonly imports: Record<string, WebAssembly.ImportValue>;
}

interface Region {
  /** In the function table. */
  readonly index: number;
  readonly bytes: readonly ByteRange[];
}

/** The number of a place that a region has, but is not entered at. */
const INSIDE = -1;

/** The way to the place of a block of a region. */
interface Way extends RegionEntry {
  readonly to: Region;
}

export interface RegionStoreParts {
  readonly memory: LinearMemory;
  /** By vCPU. */
  readonly caches: readonly JumpCache[];
  /** Where stores look up whether they are to code. */
  readonly code: CodeMap['layout'];
  readonly translate: TranslateAddress;
  readonly sites: HelperSites;
  /** Entries of the function table, one of them unused; at least 2. */
  readonly tableSize: number;
  /** The region of page `gfn` that is entered at `distance` under `key` was dropped because its bytes change. */
  readonly lost: (gfn: number, distance: number, key: number) => void;
  /** The table was full: the regions of page `gfn` were dropped. */
  readonly flushed: (gfn: number) => void;
}

/** So many regions may be gone before the jump caches are searched for them: a search for each would cost too much. */
const MAX_GONE = 64;

export class RegionStore implements CodeHolder {
  readonly dispatch: Dispatch;
  /** Regions and bytes of WebAssembly made so far; regions lost since their bytes changed; times the table was full. */
  readonly made = { regions: 0, bytes: 0, lost: 0, flushes: 0 };
  private readonly runtime: Runtime;
  private readonly memory: { readonly pages: number; readonly shared: boolean };
  /** By GFN, then by distance * KEY_LIMIT + key. */
  private readonly pages = new Map<number, Map<number, Way>>();
  private readonly free: number[] = [];
  /** Numbers of its helpers' sites, by a region's table index. */
  private readonly sitesOf = new Map<number, readonly number[]>();
  /** Table indices of regions that are gone, but may still be in jump caches. */
  private readonly gone = new Set<number>();
  private used = 1;

  constructor(private readonly parts: RegionStoreParts) {
    const { memory, tableSize, code, translate: slow, sites } = parts;
    const helper: CallHelper = (number, low, high, budget) => sites.call(number, low, high, budget);
    this.memory = { pages: memory.u8.length / WASM_PAGE, shared: memory.shared };
    const shared = { memory: memory.memory };
    const module = new WebAssembly.Module(runtimeModule(this.memory, tableSize, code));
    const { exports } = new WebAssembly.Instance(module, { env: { ...shared, slow, helper } });
    const { dispatch, table, gone, ...functions } = exports as unknown as RuntimeExports;
    // The quick instructions are made when a region first has one.
    const quick = Object.create(quickImports(memory)) as Record<string, WebAssembly.ImportValue>;
    this.runtime = { dispatch, table, gone, imports: Object.assign(quick, { ...shared, helper, ...functions }) };
    this.dispatch = dispatch;
  }

  find(gfn: number, distance: number, key: number): RegionEntry | null {
    const way = this.pages.get(gfn)?.get(distance * KEY_LIMIT + key);
    return way === undefined || way.entry === INSIDE ? null : way;
  }

  /** Whether a block of a region begins there that the region is not entered at.  */
  isInside(gfn: number, distance: number, key: number): boolean {
    return this.pages.get(gfn)?.get(distance * KEY_LIMIT + key)?.entry === INSIDE;
  }

  /** Compiles a region of page `gfn`, and returns its first entry. Its bytes are not marked as code yet. */
  add(gfn: number, key: number, plan: RegionPlan): RegionEntry {
    const sites: number[] = [];
    const bytes = compileRegion(plan, key, this.memory, (insn, goesOn) => {
      const number = this.parts.sites.take(insn, goesOn);
      sites.push(number);
      return number;
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: this.runtime.imports });
    const index = this.takeIndex();
    this.runtime.table.set(index, exports.region);
    if (sites.length > 0) this.sitesOf.set(index, sites);
    let page = this.pages.get(gfn);
    if (page === undefined) {
      page = new Map();
      this.pages.set(gfn, page);
    }
    const to: Region = { index, bytes: plan.bytes };
    plan.blocks.forEach((block, n) => {
      const place = block.distance * KEY_LIMIT + key;
      const entry = plan.entries.indexOf(n);
      const known = page.get(place);
      if (known === undefined || (known.entry === INSIDE && entry !== INSIDE)) page.set(place, { region: index, entry, to });
    });
    this.made.regions++;
    this.made.bytes += bytes.length;
    return { region: index, entry: 0 };
  }

  /** See CodeHolder. A region that is executing right now may run to its next exit. */
  drop(gfn: number, from: number, to: number, gone: Mark): void {
    const page = this.pages.get(gfn);
    if (page === undefined) return;
    const lost = new Set<Region>();
    for (const [place, way] of page) {
      if (!lost.has(way.to) && !overlaps(way.to, from, to)) continue;
      page.delete(place);
      lost.add(way.to);
      if (way.entry !== INSIDE) this.parts.lost(gfn, Math.floor(place / KEY_LIMIT), place % KEY_LIMIT);
    }
    for (const { index, bytes } of lost) {
      this.retire(index);
      this.made.lost++;
      for (const { low, high } of bytes) gone(low, high);
    }
    if (page.size === 0) this.pages.delete(gfn);
  }

  visit(gfn: number, from: number, to: number, mark: Mark): void {
    for (const { to: region, entry } of this.pages.get(gfn)?.values() ?? []) {
      if (entry === 0 && overlaps(region, from, to)) for (const { low, high } of region.bytes) mark(low, high);
    }
  }

  clear(): void {
    for (const cache of this.parts.caches) cache.clear();
    for (const page of this.pages.values()) for (const { region, entry } of page.values()) if (entry === 0) this.release(region);
    this.pages.clear();
    for (const index of this.gone) this.release(index);
    this.gone.clear();
  }

  private retire(index: number): void {
    this.runtime.table.set(index, this.runtime.gone);
    this.gone.add(index);
    if (this.gone.size === MAX_GONE) this.bury();
  }

  /** Makes jump caches forget the regions that are gone, and their places in the table free. */
  private bury(): void {
    for (const cache of this.parts.caches) cache.drop(this.gone);
    for (const index of this.gone) this.release(index);
    this.gone.clear();
  }

  private release(index: number): void {
    this.runtime.table.set(index, null);
    this.parts.sites.release(this.sitesOf.get(index) ?? []);
    this.sitesOf.delete(index);
    this.free.push(index);
  }

  private takeIndex(): number {
    if (this.free.length === 0 && this.used === this.parts.tableSize) {
      this.bury();
      if (this.free.length === 0) this.flush();
    }
    return this.free.pop() ?? this.used++;
  }

  private flush(): void {
    this.made.flushes++;
    const gfns = [...this.pages.keys()];
    this.clear();
    for (const gfn of gfns) this.parts.flushed(gfn);
  }
}

const overlaps = ({ bytes }: Region, from: number, to: number): boolean => bytes.some(({ low, high }) => low < to && high > from);
