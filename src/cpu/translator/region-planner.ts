// Explores the code of one page from an entry: along relative jumps and branches, into calls and back behind them, and to where
// the interpreter was seen to begin a block after a jump that is not relative.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import type { CodeMode } from '../builder/insn.ts';
import { surveyOf } from '../survey.ts';
import type { FeatureSet } from '../arch/features.ts';
import { decode } from '../decode/decode.ts';
import { goesOn, isHelpers } from './region-plan.ts';
import type { BlockEnd, ByteRange, CodeBounds, PlannedInsn, RegionBlock, RegionExtent, RegionPlan, Target } from './region-plan.ts';

export interface CodeAtHand {
  /** The page. */
  readonly page: Uint8Array;
  /** The bytes behind the page, as far as they are known; none are where limits of CS count. */
  readonly following: Uint8Array;
  readonly mode: CodeMode;
  readonly features: FeatureSet;
  readonly bounds: CodeBounds;
  /** Distances, ascending, at which the interpreter has begun a block. */
  readonly entered: readonly number[];
}

/** Bounds on what is translated at once. The exit word must be able to count the instructions of a block. */
const MAX_INSNS = 600;
const MAX_BLOCK_INSNS = 200;
/** Bounds on where a computed jump is looked for within the region, and on the entries. */
const MAX_SITES = 32;
const MAX_ENTRIES = 40;

export const WHOLE_PAGE: CodeBounds = { low: 0, high: PAGE_SIZE };

/** Distance behind an instruction. */
const behind = ({ insn, distance }: PlannedInsn): number => distance + insn.length;

const leavesRegion = (planned: PlannedInsn): boolean => isHelpers(planned) && !goesOn(planned);

const cutsTo16 = ({ insn, survey }: PlannedInsn): boolean =>
  insn.stackSize === 2 && (survey.control === 'jump' || survey.control === 'branch');

const endsStraightLine = ({ survey }: PlannedInsn): boolean => survey.repeats || survey.endsBlock;

const ascending = (distances: Iterable<number>): number[] => [...distances].sort((a, b) => a - b);

class Planner {
  private readonly known = new Map<number, PlannedInsn>();
  /** Distances of instructions that the interpreter must execute. */
  private readonly refused = new Set<number>();
  private readonly leaders: number[] = [];
  private readonly entered: ReadonlySet<number>;
  /** Where execution may come from outside: behind calls and what helpers execute, at loops' heads, at what is called. */
  private readonly enterable = new Set<number>();
  /** Behind calls of what is in the page. */
  private readonly returnSites = new Set<number>();
  /** Where computed jumps are looked for; null while there is none. */
  private jumpSites: readonly number[] | null = null;

  constructor(private readonly code: CodeAtHand) {
    this.entered = new Set(code.entered);
  }

  plan(entry: number): RegionPlan {
    this.explore(entry);
    const index = new Map(this.leaders.map((distance, n) => [distance, n]));
    const blocks = this.leaders.map((distance) => this.block(distance, index));
    const insnCount = blocks.reduce((sum, block) => sum + block.insns.length, 0);
    return { blocks, entries: this.entries(blocks), insnCount, extent: this.extent(), bytes: this.bytes() };
  }

  private entries(blocks: readonly RegionBlock[]): number[] {
    const more = blocks.flatMap(({ distance, insns }, n) => (n > 0 && insns.length > 0 && this.enterable.has(distance) ? [n] : []));
    return [0, ...more.slice(0, MAX_ENTRIES - 1)];
  }

  private bytes(): ByteRange[] {
    const ranges: { low: number; high: number }[] = [];
    for (const known of [...this.known.values()].sort((a, b) => a.distance - b.distance)) {
      const last = ranges[ranges.length - 1];
      const high = Math.min(behind(known), PAGE_SIZE);
      if (last !== undefined && known.distance <= last.high) last.high = Math.max(last.high, high);
      else ranges.push({ low: known.distance, high });
    }
    return ranges;
  }

  private extent(): RegionExtent {
    const known = [...this.known.values()];
    const first = [...this.leaders, ...this.refused];
    return {
      low: Math.min(...first),
      high: Math.max(...known.map(behind), ...first.map((distance) => distance + 1)),
      cutsTo16: known.some(cutsTo16),
    };
  }

  /** Decodes what is reached and finds where blocks begin; the entry is the first leader. */
  private explore(entry: number): void {
    const pending = [entry];
    const isLeader = new Set<number>();
    while (pending.length > 0 && this.known.size < MAX_INSNS) {
      const leader = pending.shift()!;
      if (!this.isInPage(leader) || isLeader.has(leader)) continue;
      isLeader.add(leader);
      this.leaders.push(leader);
      pending.push(...this.follow(leader));
    }
  }

  private isInPage(distance: number): boolean {
    const { low, high } = this.code.bounds;
    return distance >= low && distance < high;
  }

  /** Decodes from `leader` to the end of its straight line. Returns where execution may go on from there. */
  private follow(leader: number): readonly number[] {
    let distance = leader;
    for (let count = 0; count < MAX_BLOCK_INSNS && distance < this.code.bounds.high; count++) {
      const known = this.known.get(distance) ?? this.decodeAt(distance);
      if (known === null) {
        this.refused.add(distance);
        return [];
      }
      // A block of its own: what stands before it runs even if the budget ends there.
      if (leavesRegion(known) && distance !== leader) return [distance];
      this.known.set(distance, known);
      if (leavesRegion(known)) return this.ifEntered(behind(known));
      if (isHelpers(known) && endsStraightLine(known)) this.enterable.add(behind(known));
      const { control } = known.survey;
      if (control === 'indirect') return this.followComputed(known);
      if (control === 'jump' || control === 'branch') return this.followRelative(known);
      distance = behind(known);
      if (endsStraightLine(known)) return [distance];
    }
    return [];
  }

  private ifEntered(distance: number): number[] {
    this.enterable.add(distance);
    return this.entered.has(distance) ? [distance] : [];
  }

  private followRelative(known: PlannedInsn): number[] {
    const next = behind(known);
    const target = next + known.insn.displacement;
    const { control, call } = known.survey;
    if (call || target <= known.distance) this.enterable.add(target);
    if (call && this.isInPage(target)) {
      this.enterable.add(next);
      this.returnSites.add(next);
      return [target, next];
    }
    if (call) return this.ifEntered(next);
    return control === 'branch' ? [next, target] : [target];
  }

  private followComputed({ distance, insn, survey }: PlannedInsn): readonly number[] {
    if (survey.call) return this.ifEntered(distance + insn.length);
    if (survey.movesStack) return [];
    // One set for all of them: the nearest to the first one found.
    const near = (site: number): number => Math.abs(site - distance);
    this.jumpSites ??= [...this.code.entered].sort((a, b) => near(a) - near(b)).slice(0, MAX_SITES);
    return this.jumpSites;
  }

  /** null when the instruction does not end within what is known. */
  private decodeAt(distance: number): PlannedInsn | null {
    const { page, following, mode, features, bounds } = this.code;
    let at = distance;
    let past = false;
    const insn = decode(
      () => {
        const byte = at < bounds.high ? page[at] : following[at - PAGE_SIZE];
        at++;
        if (byte === undefined) past = true;
        return byte ?? 0;
      },
      mode,
      features,
    );
    if (past) return null;
    const beyond = [...following.subarray(0, Math.max(0, distance + insn.length - PAGE_SIZE))];
    const survey = surveyOf(insn);
    // The fetch may fault.
    return { insn, distance, survey: beyond.length > 0 ? { ...survey, mayLeave: true } : survey, beyond };
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
      if (leavesRegion(known)) return ending({ kind: 'helper' });
      const target = to(at + known.insn.displacement, cutsTo16(known));
      if (control === 'jump') return ending({ kind: 'jump', target });
      if (control === 'branch') return ending({ kind: 'branch', target, next: to(at) });
      if (control === 'indirect')
        return ending({
          kind: 'indirect',
          sites: this.sitesOf(known)
            .map((site) => to(site))
            .filter(({ block }) => block !== null),
        });
      if (index.has(at) || endsStraightLine(known) || insns.length === MAX_BLOCK_INSNS) return ending({ kind: 'next', next: to(at) });
    }
  }

  private sitesOf({ survey }: PlannedInsn): number[] {
    if (survey.call) return [];
    return survey.movesStack ? ascending(this.returnSites).slice(0, MAX_SITES) : ascending(this.jumpSites ?? []);
  }
}

/** The region entered at `entry`, a distance; with no instruction in its first block if that one must be interpreted. */
export function planRegion(code: CodeAtHand, entry: number): RegionPlan {
  return new Planner(code).plan(entry);
}
