// Who wrote some bytes of memory: the run is repeated between checkpoints, and each store to the bytes is noted. Only cycles that
// reported a page of theirs as dirty are repeated, since in no other was anything stored there.

import { InputError } from '../../../base/errors.ts';
import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { refusingMalformed, resumeCycle } from '../../../checkpoint/rebuild.ts';
import { createPc } from '../../../machine/pc.ts';
import { hashImage } from '../../../snapshot/hash.ts';
import { comparePositions } from '../../../vm/journal.ts';
import type { JournalData } from '../../../vm/journal.ts';
import type { Vm } from '../../../vm/vm.ts';
import { bootDiskOf } from '../../boot-disk.ts';
import { debugExitAt, debugExitPortOf } from '../../debug-exit-port.ts';
import { withFile } from '../../checkpoint-directory.ts';
import type { Checkpoints } from '../../snapshot-file.ts';
import { decodeRecording } from '../../record/recording.ts';
import { requireRam } from '../ram.ts';
import { pagesOf } from '../views/memory.ts';
import type { Range } from '../views/memory.ts';
import { changes } from './store.ts';
import type { Store } from './store.ts';
import { positionOf, runStretch } from './stretch.ts';
import { Watchpoint } from './watchpoint.ts';

export interface WatchRequest {
  readonly range: Range;
  /** The last cycle that counts. */
  readonly upTo: number;
  /** Every store from the base on; else the last that changed the bytes, and the last at all. */
  readonly all: boolean;
  /** What reached the run from outside; null if nothing did. */
  readonly recording: string | null;
  /** Where the boot disk lies now; null for where it lay. */
  readonly disk: string | null;
}

export interface FoundStore extends Store {
  readonly cycle: number;
}

export interface Found {
  readonly stores: readonly FoundStore[];
  /** Further stores, before those given, that `all` leaves out. */
  readonly earlier: number;
  /** Cycles that were run once more. */
  readonly repeated: readonly number[];
}

/** Most stores that are kept: the last ones. */
const MOST = 10_000;

/** InputError if a cycle does not run as it did, or the recording is of another run. */
export function findStores(store: Checkpoints, request: WatchRequest): Found {
  const { machine } = store.base();
  requireRam(machine, request.range.start, request.range.length);
  const candidates = cyclesWith(store, request);
  const runner = new Repeater(store, request);
  const kept = new KeptStores();
  const repeated: number[] = [];
  const order = request.all ? candidates : [...candidates].reverse();
  for (const cycle of order) {
    repeated.push(cycle);
    const stores = runner.repeat(cycle, request.all ? MOST : null);
    if (request.all) kept.add(stores.list, stores.earlier);
    else kept.addBefore(stores.list);
    if (!request.all && kept.hasChange) break;
  }
  return { stores: kept.list, earlier: kept.earlier, repeated: repeated.sort((a, b) => a - b) };
}

/** Cycles that reported a page of the range, in order. */
function cyclesWith(store: Checkpoints, { range, upTo }: WatchRequest): number[] {
  const gfns = [...pagesOf(range.start, range.length)].map(({ at }) => Math.floor(at / PAGE_SIZE));
  const cycles: number[] = [];
  for (let cycle = 1; cycle <= upTo; cycle++) {
    const { pages } = store.delta(cycle);
    if (gfns.some((gfn) => pages.has(gfn))) cycles.push(cycle);
  }
  return cycles;
}

class KeptStores {
  list: FoundStore[] = [];
  earlier = 0;

  get hasChange(): boolean {
    return this.list.some(changes);
  }

  add(stores: readonly FoundStore[], earlier: number): void {
    this.list.push(...stores);
    this.earlier += earlier;
    const tooMany = this.list.length - MOST;
    if (tooMany <= 0) return;
    this.list = this.list.slice(tooMany);
    this.earlier += tooMany;
  }

  /** Stores of an earlier cycle: of those that changed nothing only the last is kept. */
  addBefore(stores: readonly FoundStore[]): void {
    const wanted = this.list.length === 0 ? stores : stores.filter(changes);
    this.list = [...wanted, ...this.list];
  }
}

class Repeater {
  private readonly vm: Vm;
  private readonly watchpoint: Watchpoint;
  private readonly journal: JournalData | null;
  /** The cycle at whose end the machine stands. */
  private at = -1;

  constructor(
    private readonly store: Checkpoints,
    private readonly request: WatchRequest,
  ) {
    const { machine, state, disk: kept } = store.base();
    this.journal = request.recording === null ? null : journalOf(store, request.recording);
    const disk = request.disk === null && kept ? kept : bootDiskOf(state, request.disk);
    const devices = debugExitAt(debugExitPortOf(state), () => this.vm);
    this.watchpoint = new Watchpoint(request.range);
    const { wrap } = this.watchpoint;
    this.vm = createPc({ ...machine, engine: 'interpreter', wrap, devices, ...(disk ? { disk } : {}) }).vm;
  }

  /** Runs `cycle` once more. Its last `most` stores; with null the last that changed the bytes, and the last at all. */
  repeat(cycle: number, most: number | null): { readonly list: readonly FoundStore[]; readonly earlier: number } {
    const { store, vm, watchpoint } = this;
    if (this.at !== cycle - 1) {
      watchpoint.disarm();
      refusingMalformed(store.file(cycle - 1), () => resumeCycle(vm, store, cycle - 1));
      watchpoint.arm(vm);
    }
    const stores = new LastStores(cycle, most);
    const difference = runStretch(vm, store.delta(cycle), this.journal, () => watchpoint.take().forEach((each) => stores.add(each)));
    if (difference !== null) throw new InputError(this.divergence(cycle, difference));
    this.at = cycle;
    return { list: stores.list, earlier: stores.earlier };
  }

  private divergence(cycle: number, difference: string): string {
    const hint = this.request.recording === null ? '; a run that was typed to needs its recording (--recording F)' : '';
    return `${this.store.file(cycle)}: cycle ${cycle} cannot be run once more as it was, so nobody can be named: ${difference}${hint}`;
  }
}

/** The stores of one cycle that are worth keeping. */
class LastStores {
  private stores: FoundStore[] = [];
  private dropped = 0;

  constructor(
    private readonly cycle: number,
    private readonly most: number | null,
  ) {}

  add(store: Store): void {
    const found = { ...store, cycle: this.cycle };
    if (this.most === null) {
      const change = changes(found) ? [] : this.stores.filter(changes).slice(-1);
      this.stores = [...change, found];
      return;
    }
    this.stores.push(found);
    if (this.stores.length < 2 * this.most) return;
    this.stores = this.stores.slice(this.most);
    this.dropped += this.most;
  }

  get list(): readonly FoundStore[] {
    return this.stores.slice(-(this.most ?? 2));
  }

  get earlier(): number {
    return this.most === null ? 0 : this.dropped + Math.max(0, this.stores.length - this.most);
  }
}

/** InputError if the recording is not of the run that these checkpoints are of. */
function journalOf(store: Checkpoints, path: string): JournalData {
  const { journal, memory } = withFile(path, decodeRecording);
  const { state, pages } = store.base();
  if (comparePositions(journal.start.at, positionOf(state)) !== 0 || hashImage(pages) !== memory) {
    throw new InputError(`${path}: is the recording of another run than that of these checkpoints`);
  }
  return journal;
}
