// KVM's dirty ring of one vCPU (Documentation/virt/kvm/api.rst, "KVM_CAP_DIRTY_LOG_RING"): entries {flags, slot, offset} that go
// round 00 free -> 01 dirty -> 1X harvested -> 00. The machine writes dirty entries, the consumer marks them harvested, on this
// thread or another, and KVM_RESET_DIRTY_RINGS frees them.

import { requireThat } from '../base/arguments.ts';
import { assert } from '../base/errors.ts';
import { DirtyGfnFlag, KvmDirtyGfn } from './abi.ts';

const WORDS = KvmDirtyGfn.size / 4;
const FLAGS = KvmDirtyGfn.flags / 4;
const SLOT = KvmDirtyGfn.slot / 4;
const OFFSET = KvmDirtyGfn.offset / 4;

/** What of an entry names a page. */
export interface DirtyGfn {
  /** Number of the memslot. */
  readonly slot: number;
  /** Page of the slot. */
  readonly offset: number;
}

/** The machine's side. */
export class DirtyRing {
  /** What KVM gives to mmap at KVM_DIRTY_LOG_PAGE_OFFSET of the vCPU. */
  readonly memory: ArrayBufferLike;
  private readonly words: Int32Array;
  /** Entries written, and entries freed, modulo 2^32. */
  private written = 0;
  private freed = 0;

  /** `entries`, a power of two; at `softLimit` of them the vCPU is to leave. `shared`: for harvesting on other threads. */
  constructor(
    readonly entries: number,
    readonly softLimit: number,
    shared: boolean,
  ) {
    const bytes = entries * KvmDirtyGfn.size;
    this.memory = shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    this.words = new Int32Array(this.memory);
  }

  /** Entries that are not free. */
  get used(): number {
    return (this.written - this.freed) >>> 0;
  }

  get softFull(): boolean {
    return this.used >= this.softLimit;
  }

  push(slot: number, offset: number): void {
    assert(this.used < this.entries, 'what a vCPU writes before it leaves fits behind the soft limit');
    const at = this.at(this.written);
    this.words[at + SLOT] = slot;
    this.words[at + OFFSET] = offset;
    this.words[at + OFFSET + 1] = 0;
    // Last: a harvester that sees the flag sees the rest.
    Atomics.store(this.words, at + FLAGS, DirtyGfnFlag.DIRTY);
    this.written = (this.written + 1) >>> 0;
  }

  /** Frees the harvested entries from the oldest on, up to the first that is not. Tells what they name; returns how many. */
  reset(visit: (entry: DirtyGfn) => void): number {
    let count = 0;
    for (; this.used > 0; count++) {
      const at = this.at(this.freed);
      if ((Atomics.load(this.words, at + FLAGS) & DirtyGfnFlag.RESET) === 0) break;
      visit(entryAt(this.words, at));
      Atomics.store(this.words, at + FLAGS, 0);
      this.freed = (this.freed + 1) >>> 0;
    }
    return count;
  }

  private at(index: number): number {
    return (index & (this.entries - 1)) * WORDS;
  }
}

/** The consumer's side, on any thread: takes dirty entries out of a ring's memory in order, and marks them harvested. */
export class DirtyRingReader {
  private readonly words: Int32Array;
  private at = 0;

  /** `memory`: what `dirtyLog.ring(vcpu)` gives. EINVAL: no buffer of whole entries. */
  constructor(memory: ArrayBufferLike) {
    const isBuffer = memory instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && memory instanceof SharedArrayBuffer);
    const isWhole = isBuffer && memory.byteLength > 0 && memory.byteLength % KvmDirtyGfn.size === 0;
    requireThat(isWhole, 'memory', memory, 'a buffer of whole entries');
    this.words = new Int32Array(memory);
  }

  /** Harvests the next dirty entry; null if there is none. Copy its page after KVM_RESET_DIRTY_RINGS, or while the machine stands still. */
  next(): DirtyGfn | null {
    const { words, at } = this;
    if (Atomics.load(words, at + FLAGS) !== DirtyGfnFlag.DIRTY) return null;
    const entry = entryAt(words, at);
    Atomics.store(words, at + FLAGS, DirtyGfnFlag.DIRTY | DirtyGfnFlag.RESET);
    this.at = (at + WORDS) % words.length;
    return entry;
  }

  /** Harvests all dirty entries. */
  harvest(): DirtyGfn[] {
    const entries: DirtyGfn[] = [];
    for (let entry = this.next(); entry !== null; entry = this.next()) entries.push(entry);
    return entries;
  }
}

const entryAt = (words: Int32Array, at: number): DirtyGfn => ({
  slot: words[at + SLOT]! >>> 0,
  offset: (words[at + OFFSET]! >>> 0) + (words[at + OFFSET + 1]! >>> 0) * 0x100000000,
});
