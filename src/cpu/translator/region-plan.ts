// What a region is made of: the basic blocks of one page that are reached from its entry by relative jumps and branches.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import { surveyOf } from '../survey.ts';
import type { Survey } from '../survey.ts';
import type { FeatureSet } from '../arch/features.ts';
import { decode } from '../decode/decode.ts';

export interface PlannedInsn {
  readonly insn: Insn;
  /** Distance of its first byte from the start of the page. */
  readonly distance: number;
  readonly survey: Readonly<Survey>;
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
  | { readonly kind: 'indirect' }
  /** The next instruction is the interpreter's. */
  | { readonly kind: 'interpret'; readonly distance: number };

export interface RegionBlock {
  readonly distance: number;
  readonly insns: readonly PlannedInsn[];
  readonly end: BlockEnd;
}

/** Distances from the page's start. */
export interface RegionExtent {
  readonly entry: number;
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
  readonly insnCount: number;
  readonly extent: RegionExtent;
  /** The bytes of all instructions, in ascending order; no two ranges touch. */
  readonly bytes: readonly ByteRange[];
}

/** Distances of the bytes that are in CS: from `low` to before `high`. */
export interface CodeBounds {
  readonly low: number;
  readonly high: number;
}

/** Bounds on what is translated at once. The exit word must be able to count the instructions of a block. */
const MAX_INSNS = 600;
const MAX_BLOCK_INSNS = 200;

/** Distance behind an instruction. */
const behind = ({ insn, distance }: PlannedInsn): number => distance + insn.length;

/** The interpreter executes what asks for a helper, and 16-bit branches in 32-bit code, which cut EIP. */
const isInterpreted = ({ insn, survey }: PlannedInsn): boolean =>
  survey.interpreted || (survey.control !== 'next' && insn.stackSize === 2 && insn.mode !== CodeMode.BITS16);

const cutsTo16 = ({ insn, survey }: PlannedInsn): boolean =>
  insn.stackSize === 2 && (survey.control === 'jump' || survey.control === 'branch');

const endsStraightLine = ({ survey }: PlannedInsn): boolean => survey.repeats || survey.endsBlock;

/** null when the instruction does not end before `high`. */
function decodeAt(page: Uint8Array, distance: number, mode: CodeMode, features: FeatureSet, high: number): PlannedInsn | null {
  let at = distance;
  let past = false;
  const insn = decode(
    () => {
      if (at < high) return page[at++]!;
      past = true;
      return 0;
    },
    mode,
    features,
  );
  return past ? null : { insn, distance, survey: surveyOf(insn) };
}

class Planner {
  private readonly known = new Map<number, PlannedInsn>();
  /** Distances of instructions that the interpreter must execute. */
  private readonly refused = new Set<number>();
  private readonly leaders: number[] = [];

  constructor(
    private readonly page: Uint8Array,
    private readonly mode: CodeMode,
    private readonly features: FeatureSet,
    private readonly bounds: CodeBounds,
  ) {}

  plan(entry: number): RegionPlan {
    this.explore(entry);
    const index = new Map(this.leaders.map((distance, n) => [distance, n]));
    const blocks = this.leaders.map((distance) => this.block(distance, index));
    const insnCount = blocks.reduce((sum, block) => sum + block.insns.length, 0);
    return { blocks, insnCount, extent: this.extent(entry), bytes: this.bytes() };
  }

  private bytes(): ByteRange[] {
    const ranges: { low: number; high: number }[] = [];
    for (const known of [...this.known.values()].sort((a, b) => a.distance - b.distance)) {
      const last = ranges[ranges.length - 1];
      if (last !== undefined && known.distance <= last.high) last.high = Math.max(last.high, behind(known));
      else ranges.push({ low: known.distance, high: behind(known) });
    }
    return ranges;
  }

  private extent(entry: number): RegionExtent {
    const known = [...this.known.values()];
    const first = [...this.leaders, ...this.refused];
    return {
      entry,
      low: Math.min(...first),
      high: Math.max(...known.map(behind), ...first.map((distance) => distance + 1)),
      cutsTo16: known.some(cutsTo16),
    };
  }

  /** Decodes what is reached and finds where blocks begin; the entry is the first leader. */
  private explore(entry: number): void {
    const pending = [entry];
    const { low, high } = this.bounds;
    const isLeader = new Set<number>();
    while (pending.length > 0 && this.known.size < MAX_INSNS) {
      const leader = pending.shift()!;
      if (leader < low || leader >= high || isLeader.has(leader)) continue;
      isLeader.add(leader);
      this.leaders.push(leader);
      pending.push(...this.follow(leader));
    }
  }

  /** Decodes from `leader` to the end of its straight line. Returns where execution may go on from there. */
  private follow(leader: number): number[] {
    const { high } = this.bounds;
    let distance = leader;
    for (let count = 0; count < MAX_BLOCK_INSNS && distance < high; count++) {
      const known = this.known.get(distance) ?? decodeAt(this.page, distance, this.mode, this.features, high);
      if (known === null || isInterpreted(known)) {
        this.refused.add(distance);
        return [];
      }
      this.known.set(distance, known);
      distance = behind(known);
      const { control, call } = known.survey;
      const target = distance + known.insn.displacement;
      if (control === 'jump') return call ? [] : [target];
      if (control === 'branch') return [distance, target];
      if (control === 'indirect') return [];
      if (endsStraightLine(known)) return [distance];
    }
    return [];
  }

  private block(distance: number, index: ReadonlyMap<number, number>): RegionBlock {
    const insns: PlannedInsn[] = [];
    const to = (at: number, cutTo16 = false): Target => ({ block: index.get(at) ?? null, distance: at, cutTo16 });
    const ending = (end: BlockEnd): RegionBlock => ({ distance, insns, end });
    let at = distance;
    for (;;) {
      const known = this.known.get(at);
      if (known === undefined) return ending(this.refused.has(at) ? { kind: 'interpret', distance: at } : { kind: 'next', next: to(at) });
      insns.push(known);
      at = behind(known);
      const { control } = known.survey;
      const target = to(at + known.insn.displacement, cutsTo16(known));
      if (control === 'jump') return ending({ kind: 'jump', target });
      if (control === 'branch') return ending({ kind: 'branch', target, next: to(at) });
      if (control === 'indirect') return ending({ kind: 'indirect' });
      if (index.has(at) || endsStraightLine(known) || insns.length === MAX_BLOCK_INSNS) return ending({ kind: 'next', next: to(at) });
    }
  }
}

export const WHOLE_PAGE: CodeBounds = { low: 0, high: PAGE_SIZE };

/** The region entered at `entry` in the bytes of a page; with no instruction if the first one must be interpreted. */
export function planRegion(
  page: Uint8Array,
  entry: number,
  mode: CodeMode,
  features: FeatureSet,
  bounds: CodeBounds = WHOLE_PAGE,
): RegionPlan {
  return new Planner(page, mode, features, bounds).plan(entry);
}
