// A machine's core taken as bytes: what a checkpoint does while the machine stands still. Named data are made of it when somebody asks.

import type { Platform, PlatformState } from '../base/platform.ts';
import { saveBlock, viewsIn } from '../base/state/table.ts';
import type { SavedBlock } from '../base/state/table.ts';
import { VCPU_STATE } from '../base/state/vcpu.ts';
import type { OutsideAccess } from '../cpu/replay.ts';
import { packTlb, packedWords, unpackTlb } from '../mmu/tlb-save.ts';
import type { SavedTlb } from '../mmu/tlb-save.ts';
import type { VirtualClock } from './clock.ts';
import type { MachineParts } from './machine-parts.ts';
import type { SavedTurns, Turns } from './turns.ts';

export const VM_STATE_VERSION = 3;

export interface SavedVcpu {
  readonly registers: SavedBlock;
  readonly tlb: SavedTlb;
  /** Accesses of the instruction at RIP that were answered before it was left for a further one. */
  readonly answered: readonly OutsideAccess[];
}

/** All but what devices keep as blocks: of these, checkpoints take what changed. */
export interface VmCore {
  /** Of the form of the state. */
  readonly version: typeof VM_STATE_VERSION;
  /** Virtual time in ticks. */
  readonly ticks: number;
  /** See `Position`. */
  readonly events: number;
  /** @internal */
  readonly turns: SavedTurns;
  /** @internal */
  readonly vcpus: readonly SavedVcpu[];
  /** Of the devices, by name; null without a board. */
  readonly platform: PlatformState | null;
}

/** What of a core is no bytes. */
interface Rest {
  readonly ticks: number;
  readonly events: number;
  readonly turns: SavedTurns;
  readonly answered: readonly OutsideAccess[][];
  readonly platform: PlatformState | null;
}

/** A core as bytes. They are valid until the next is captured: whoever wants the named data later copies them. */
export class CoreCapture {
  constructor(
    readonly bytes: Uint8Array,
    private readonly rest: Rest,
  ) {}

  /** The named data, from the bytes or a copy of them. */
  decode(bytes: Uint8Array = this.bytes): VmCore {
    const { ticks, events, turns, answered, platform } = this.rest;
    let at = answered.length * VCPU_STATE.size;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const vcpus = answered.map((accesses, n) => {
      const length = words[at / 4]!;
      const tlb = unpackTlb(words.subarray(at / 4 + 1, at / 4 + 1 + length));
      at += 4 + 4 * length;
      const registers = saveBlock(VCPU_STATE, viewsIn(VCPU_STATE, bytes.buffer as ArrayBuffer, bytes.byteOffset + n * VCPU_STATE.size));
      return { registers, tlb, answered: accesses };
    });
    return { version: VM_STATE_VERSION, ticks, events, turns, vcpus, platform };
  }
}

/**
 * Captures cores of one machine into the same bytes each time: the state blocks of all vCPUs, then of each the words of its TLB, their
 * number before them.
 */
export class CoreRecorder {
  private words = new Uint32Array(0);

  constructor(
    private readonly parts: MachineParts,
    private readonly turns: Turns,
    private readonly clock: VirtualClock,
  ) {}

  capture(platform: Platform | null): CoreCapture {
    const { clock, turns } = this;
    const { memory, plan, cpus } = this.parts;
    const blocks = cpus.length * VCPU_STATE.size;
    let at = blocks / 4;
    this.makeRoom();
    this.words.set(memory.u32.subarray(plan.vcpu!.offset / 4, (plan.vcpu!.offset + blocks) / 4));
    const answered: OutsideAccess[][] = [];
    for (const { mmu, replay } of cpus) {
      const end = packTlb(mmu.tlb, this.words, at + 1);
      this.words[at] = end - at - 1;
      at = end;
      answered.push(replay.save());
    }
    const { ticks, events } = clock;
    // The platform comes last: a device may write guest memory when it is saved.
    const rest = { ticks, events, turns: turns.save(), answered, platform: platform?.save() ?? null };
    return new CoreCapture(new Uint8Array(this.words.buffer, 0, 4 * at), rest);
  }

  private makeRoom(): void {
    const { cpus } = this.parts;
    let length = (cpus.length * VCPU_STATE.size) / 4;
    for (const { mmu } of cpus) length += 1 + packedWords(mmu.tlb);
    if (this.words.length < length) this.words = new Uint32Array(2 * length);
  }
}
