// What a region is made of: basic blocks of one page, the ways between them, and where it can be entered.

import { CodeMode } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { Survey } from '../survey.ts';

export interface PlannedInsn {
  readonly insn: Insn;
  /** Distance of its first byte from the start of the page. */
  readonly distance: number;
  readonly survey: Readonly<Survey>;
  /** Its bytes that lie in the next page, when the plan was made. */
  readonly beyond: readonly number[];
}

/**
 * Where a block goes on: at a block of the region, or else at a distance from the page's start, which may lie outside the page.
 * `cutTo16`: RIP is cut to 16 bits on the way.
 */
export interface Target {
  readonly block: number | null;
  readonly distance: number;
  readonly cutTo16: boolean;
}

export type BlockEnd =
  /** Straight on. */
  | { readonly kind: 'next'; readonly next: Target }
  /** The last instruction jumps. */
  | { readonly kind: 'jump'; readonly target: Target }
  | { readonly kind: 'branch'; readonly target: Target; readonly next: Target }
  /** A return or a jump to what was computed: mostly to one of the blocks `sites`, in ascending order of their distances. */
  | { readonly kind: 'indirect'; readonly sites: readonly Target[] }
  /** The last instruction is a helper's, which finds out where execution goes on. */
  | { readonly kind: 'helper' }
  /** The next instruction is the interpreter's. */
  | { readonly kind: 'interpret'; readonly distance: number };

export interface RegionBlock {
  readonly distance: number;
  readonly insns: readonly PlannedInsn[];
  readonly end: BlockEnd;
}

/** Distances from the page's start. */
export interface RegionExtent {
  /** The first byte of the region, and the one behind its last. */
  readonly low: number;
  readonly high: number;
  /** Jumps within the region cut RIP to 16 bits. */
  readonly cutsTo16: boolean;
}

/** Distances from the page's start: of the first byte, and of the one behind the last. */
export interface ByteRange {
  readonly low: number;
  readonly high: number;
}

export interface RegionPlan {
  readonly blocks: readonly RegionBlock[];
  /** The blocks that it can be entered at; the first one is the block that it was made for. */
  readonly entries: readonly number[];
  readonly insnCount: number;
  readonly extent: RegionExtent;
  /** The page's bytes that are part of an instruction, in ascending order; no two ranges touch. */
  readonly bytes: readonly ByteRange[];
}

/** Distances of the bytes that are in CS: from `low` to before `high`. */
export interface CodeBounds {
  readonly low: number;
  readonly high: number;
}

/** A call from the region executes what asks for a helper, and 16-bit branches in 32-bit code, which cut EIP: see helper-call.ts. */
export const isHelpers = ({ insn, survey }: PlannedInsn): boolean =>
  survey.interpreted || (survey.control !== 'next' && insn.stackSize === 2 && insn.mode !== CodeMode.BITS16);

/** Execution goes on behind an instruction of a helper, unless something comes in between. */
export const goesOn = ({ survey }: PlannedInsn): boolean => survey.control === 'next';
