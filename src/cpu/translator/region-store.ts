// Which regions exist: compiled, placed in the function table, and found again by physical page, place in it, and code key.
// A page that is written loses all its regions. When the table is full everything goes, and what is hot comes back.

import type { LinearMemory } from '../../base/linear-memory.ts';
import { KEY_LIMIT } from '../code-key.ts';
import type { JumpCache } from './jump-cache.ts';
import type { RegionPlan } from './region-plan.ts';
import { compileRegion } from './region-compiler.ts';
import { runtimeModule } from './runtime-module.ts';

const WASM_PAGE = 65536;

type Dispatch = (cpu: number, tlb: number, jumpCache: number) => number;
/** Slow path of a memory access in a region: see region-compiler.ts. */
export type TranslateAddress = (low: number, high: number, access: number) => number;

/** What `runtimeModule` exports. */
interface RuntimeExports {
  readonly dispatch: Dispatch;
  readonly table: WebAssembly.Table;
  readonly flagAux: WebAssembly.ImportValue;
  readonly flagResult: WebAssembly.ImportValue;
}

interface Runtime {
  readonly dispatch: Dispatch;
  readonly table: WebAssembly.Table;
  readonly imports: Record<string, WebAssembly.ImportValue>;
}

export class RegionStore {
  readonly dispatch: Dispatch;
  /** Regions and bytes of WebAssembly made so far. */
  readonly made = { regions: 0, bytes: 0, flushes: 0 };
  private readonly runtime: Runtime;
  private readonly memory: { readonly pages: number; readonly shared: boolean };
  /** By GFN, then by distance * KEY_LIMIT + key: the table index. */
  private readonly pages = new Map<number, Map<number, number>>();
  private readonly free: number[] = [];
  private used = 1;

  /** `tableSize`: entries of the function table, one of them unused; at least 2. */
  constructor(
    memory: LinearMemory,
    private readonly caches: readonly JumpCache[],
    translate: TranslateAddress,
    private readonly tableSize: number,
  ) {
    this.memory = { pages: memory.u8.length / WASM_PAGE, shared: memory.shared };
    const shared = { memory: memory.memory };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(runtimeModule(this.memory, tableSize)), { env: shared });
    const { dispatch, table, flagAux, flagResult } = exports as unknown as RuntimeExports;
    this.runtime = { dispatch, table, imports: { ...shared, translate, flagAux, flagResult } };
    this.dispatch = dispatch;
  }

  /** Table index of the region, or 0. */
  find(gfn: number, distance: number, key: number): number {
    return this.pages.get(gfn)?.get(distance * KEY_LIMIT + key) ?? 0;
  }

  /** Compiles a region of page `gfn` and returns its table index. */
  add(gfn: number, distance: number, key: number, plan: RegionPlan): number {
    const bytes = compileRegion(plan, key, this.memory);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: this.runtime.imports });
    const index = this.takeIndex();
    this.runtime.table.set(index, exports.region);
    let page = this.pages.get(gfn);
    if (page === undefined) {
      page = new Map();
      this.pages.set(gfn, page);
    }
    page.set(distance * KEY_LIMIT + key, index);
    this.made.regions++;
    this.made.bytes += bytes.length;
    return index;
  }

  /** Page `gfn` is about to change. A region that is executing right now may run to its next exit. */
  invalidate(gfn: number): void {
    const page = this.pages.get(gfn);
    if (page === undefined) return;
    this.pages.delete(gfn);
    const gone = new Set(page.values());
    for (const cache of this.caches) cache.drop(gone);
    for (const index of gone) this.release(index);
  }

  private release(index: number): void {
    this.runtime.table.set(index, null);
    this.free.push(index);
  }

  private takeIndex(): number {
    if (this.free.length === 0 && this.used === this.tableSize) this.flush();
    return this.free.pop() ?? this.used++;
  }

  private flush(): void {
    this.made.flushes++;
    for (const cache of this.caches) cache.clear();
    for (const page of this.pages.values()) for (const index of page.values()) this.release(index);
    this.pages.clear();
  }
}
