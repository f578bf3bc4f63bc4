// A planned region as one WebAssembly function: blocks nested as structure.ts says, each instruction by its semantics. Node 0 of the
// structure is the root, where a number says at which entry to begin; node n is block n - 1.

import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { meaningOf } from '../isa/index.ts?instance=translator';
import { STATUS_FLAGS } from '../arch/rflags.ts';
import type { Insn } from '../builder/insn.ts';
import { dataContextOf } from '../code-key.ts';
import { QUICK_TYPE } from '../x87/quick/form.ts';
import { emitHelperCall, emitHelperExit } from './helper-call.ts';
import type { Site } from './register-builder.ts';
import { RIP_IN_LOCAL, RegionFrame } from './region-frame.ts';
import { pushNextPageDiffers } from './next-page.ts';
import { goesOn, isHelpers } from './region-plan.ts';
import type { PlannedInsn, RegionBlock, RegionPlan, Target } from './region-plan.ts';
import { FLAG_AUX_TYPE, FLAG_RESULT_TYPE, HELPER_TYPE, HELPER_WITH_FLAGS_TYPE, Outcome, REGION_TYPE } from './runtime-module.ts';
import { seenAfterEach } from './seen-flags.ts';
import { TRANSLATE_TYPE } from './slow-access.ts';
import { RUN_TYPE } from './string-runs.ts';
import { structureOf } from './structure.ts';
import type { Structure } from './structure.ts';
import type { Val } from './value.ts';
import { WasmBuilder } from './wasm-builder.ts';
import type { Label } from './wasm/function-body.ts';
import { encodeModule } from './wasm/module.ts';
import type { ModuleParts } from './wasm/module.ts';

const ROOT = 0;
const nodeOf = (block: number): number => block + 1;
const inRegion = (targets: readonly Target[]): number[] => targets.flatMap(({ block }) => (block === null ? [] : [nodeOf(block)]));
/** Computed targets are compared one by one up to so many; a table takes more, if they lie within so many bytes. */
const MOST_COMPARED = 4;
const MOST_TABLE = 1024;

function successorsOf({ end }: RegionBlock): number[] {
  switch (end.kind) {
    case 'next':
      return inRegion([end.next]);
    case 'jump':
      return inRegion([end.target]);
    case 'branch':
      return inRegion([end.target, end.next]);
    case 'indirect':
      return inRegion(end.sites);
    default:
      return [];
  }
}

/** Gives an instruction that a helper executes its number: see helper-sites.ts. */
export type TakeSite = (insn: Insn, goesOn: boolean) => number;

class RegionCompiler {
  readonly frame: RegionFrame;
  private readonly builder: WasmBuilder;
  private readonly structure: Structure;
  /** Labels that blocks can be branched to from here: loop heads and merge points. */
  private readonly labels = new Map<number, Label>();

  constructor(
    private readonly plan: RegionPlan,
    private readonly key: number,
    private readonly shared: boolean,
    private readonly takeSite: TakeSite,
  ) {
    this.frame = new RegionFrame(key, plan.extent);
    this.builder = new WasmBuilder(this.frame, dataContextOf(key));
    this.structure = structureOf([plan.entries.map(nodeOf), ...plan.blocks.map(successorsOf)]);
  }

  compile(): void {
    this.frame.begin();
    this.tree(ROOT);
    this.frame.finish();
  }

  /** The block and all that it dominates. */
  private tree(node: number): void {
    const { structure, frame } = this;
    const behind = structure.children[node]!.filter((child) => structure.isMerge[child]);
    if (!structure.isLoop[node]) return this.within(node, behind);
    this.builder.flags.spillKind();
    this.builder.flags.enterDynamic();
    this.labels.set(node, frame.body.loop());
    this.within(node, behind);
    frame.body.end();
    this.labels.delete(node);
  }

  /** The block, with `merges` (in reverse postorder) standing behind it, the last one outermost. */
  private within(node: number, merges: readonly number[]): void {
    const merge = merges[merges.length - 1];
    if (merge === undefined) return this.block(node);
    const { body } = this.frame;
    this.labels.set(merge, body.block());
    this.within(node, merges.slice(0, -1));
    body.end();
    this.labels.delete(merge);
    this.builder.flags.enterDynamic();
    this.tree(merge);
  }

  private block(node: number): void {
    if (node === ROOT) return this.choose();
    const block = this.plan.blocks[node - 1]!;
    const seen = seenAfterEach(
      block.insns.map(({ survey }) => survey),
      STATUS_FLAGS,
    );
    this.begin(block, this.polls(node));
    block.insns.forEach((planned, n) => {
      const { insn, distance, beyond } = planned;
      const site = { distance, left: block.insns.length - n };
      this.builder.beginInstruction(insn, site);
      if (beyond.length > 0) this.builder.interpretIf(() => pushNextPageDiffers(this.frame, this.key, beyond));
      this.builder.flags.seen = seen[n]!;
      if (isHelpers(planned)) this.callHelper(planned, site);
      else meaningOf(insn)(this.builder, insn);
    });
    this.end(node, block);
  }

  private callHelper(planned: PlannedInsn, site: Site): void {
    const { insn, survey } = planned;
    const usesFlags = (survey.flags.reads | survey.flags.changes) !== 0;
    const call = { number: this.takeSite(insn, goesOn(planned)), site, usesFlags };
    if (goesOn(planned)) emitHelperCall(this.frame, this.builder.flags, call);
    else emitHelperExit(this.frame, this.builder.flags, call);
  }

  /** Goes to the entry whose number the region was called with, or an edge through the root has set. */
  private choose(): void {
    const { body, entry } = this.frame;
    const { entries } = this.structure;
    this.builder.flags.enterDynamic();
    if (entries.length === 1) return this.goToNode(ROOT, entries[0]!);
    const labels = entries.map(() => body.block()).reverse();
    body.get(entry).brTable(labels.slice(0, -1), labels[labels.length - 1]!);
    for (const node of entries) {
      body.end();
      this.builder.flags.enterDynamic();
      this.goToNode(ROOT, node);
    }
  }

  /**
   * Other threads set requests only where the memory is shared: then every way round looks for one. What this thread asks for comes
   * up in slow paths, which leave the region.
   */
  private polls(node: number): boolean {
    const { isLoop, entries } = this.structure;
    return this.shared && (isLoop[node]! || (isLoop[ROOT]! && entries.includes(node)));
  }

  /** Takes the block's instructions out of the budget. Leaves if it does not suffice, or `polls` and a request waits. */
  private begin(block: RegionBlock, polls: boolean): void {
    const { frame, builder } = this;
    const { body } = frame;
    const count = block.insns.length;
    if (count === 0) return;
    body.get(frame.remaining).i32(count).op('i32.lt_s');
    if (polls) body.get(frame.cpu).memory('i32.load', VCPU_STATE.offset.request).op('i32.or');
    body.if();
    frame.exit(Outcome.STOP, block.distance, 0, builder.flags.exitKind());
    body.end();
    body.get(frame.remaining).i32(count).op('i32.sub').set(frame.remaining);
  }

  private end(node: number, { end }: RegionBlock): void {
    const { builder, frame } = this;
    const { terminator } = builder;
    switch (end.kind) {
      case 'next':
        return this.go(node, end.next);
      case 'jump':
        return this.go(node, end.target);
      case 'helper':
        return;
      case 'interpret':
        return frame.exit(Outcome.INTERPRET, end.distance, 0, builder.flags.exitKind());
      case 'indirect':
        return this.goToComputed(node, terminator.kind === 'indirect' ? terminator.target : null, end.sites);
      case 'branch':
        return this.fork(node, terminator.kind === 'branch' ? terminator.condition : null, end);
    }
  }

  /** Goes on at the one of `sites` that `target` is, or else leaves. */
  private goToComputed(node: number, target: Val | null, sites: readonly Target[]): void {
    if (target === null) throw new TypeError('a block ends in a jump that its semantics did not make');
    const { builder, frame } = this;
    builder.push(target, 'i64').set(frame.rip);
    const { known } = builder.flags;
    if (sites.length > MOST_COMPARED) this.lookUp(node, sites);
    else this.compare(node, sites);
    builder.flags.known = known;
    frame.exit(Outcome.NEXT, RIP_IN_LOCAL, 0, builder.flags.exitKind());
  }

  private compare(node: number, sites: readonly Target[]): void {
    const { builder, frame } = this;
    const { body } = frame;
    const { known } = builder.flags;
    for (const site of sites) {
      body.get(frame.rip).get(frame.pageBase).op('i64.sub').i64(BigInt(site.distance)).op('i64.eq').if();
      builder.flags.known = known;
      this.go(node, site);
      body.end();
    }
  }

  private lookUp(node: number, sites: readonly Target[]): void {
    const { builder, frame } = this;
    const { body } = frame;
    const { known } = builder.flags;
    const low = sites[0]!.distance;
    const near = sites.filter(({ distance }) => distance - low < MOST_TABLE);
    const elsewhere = body.block();
    const labels = near.map(() => body.block()).reverse();
    const labelAt = new Map(near.map(({ distance }, n) => [distance - low, labels[n]!]));
    const size = near[near.length - 1]!.distance - low + 1;
    body.get(frame.rip).get(frame.pageBase).op('i64.sub').i64(BigInt(low)).op('i64.sub').tee(frame.rip);
    // biome-ignore format: what it compares
    body.i64(BigInt(size)).op('i64.ge_u').brIf(elsewhere);
    body.get(frame.rip).op('i32.wrap_i64');
    body.brTable(
      Array.from({ length: size }, (_, at) => labelAt.get(at) ?? elsewhere),
      elsewhere,
    );
    for (const site of near) {
      body.end();
      builder.flags.known = known;
      this.go(node, site);
    }
    body.end();
    body.get(frame.rip).get(frame.pageBase).op('i64.add').i64(BigInt(low)).op('i64.add').set(frame.rip);
  }

  private fork(node: number, condition: Val | null, { target, next }: { target: Target; next: Target }): void {
    if (condition === null) throw new TypeError('a block ends in a branch that its semantics did not make');
    const { builder, frame } = this;
    const known = builder.flags.known;
    builder.push(condition).if();
    this.go(node, target);
    frame.body.else();
    builder.flags.known = known;
    this.go(node, next);
    frame.body.end();
  }

  /** Goes on at a block of the region, or leaves it. */
  private go(from: number, target: Target): void {
    if (target.block === null) return this.leaveAt(target);
    const node = nodeOf(target.block);
    const { structure, builder, frame } = this;
    if (!structure.isThroughRoot(from, node)) return this.goToNode(from, node);
    builder.flags.spillKind();
    frame.body.i32(structure.entries.indexOf(node)).set(frame.entry).br(this.labels.get(ROOT)!);
  }

  private goToNode(from: number, node: number): void {
    const { structure, builder, frame } = this;
    const isBack = structure.order[node]! <= structure.order[from]!;
    if (!isBack && !structure.isMerge[node]) return this.tree(node);
    builder.flags.spillKind();
    frame.body.br(this.labels.get(node)!);
  }

  private leaveAt({ distance, cutTo16 }: Target): void {
    const { frame, builder } = this;
    const cut = cutTo16 && !frame.isWithin(distance);
    if (!cut && distance >= 0 && distance < 0x2000) return frame.exit(Outcome.NEXT, distance, 0, builder.flags.exitKind());
    frame.body.get(frame.pageBase).i64(BigInt(distance)).op('i64.add');
    if (cut) frame.body.i64(0xffffn).op('i64.and');
    frame.body.set(frame.rip);
    frame.exit(Outcome.NEXT, RIP_IN_LOCAL, 0, builder.flags.exitKind());
  }
}

/** The module of one region; exports `region`, of REGION_TYPE. `key` as in code-key.ts. */
export function compileRegion(
  plan: RegionPlan,
  key: number,
  memory: NonNullable<ModuleParts['memory']>,
  takeSite: TakeSite,
): Uint8Array<ArrayBuffer> {
  const compiler = new RegionCompiler(plan, key, memory.shared, takeSite);
  compiler.compile();
  return encodeModule({
    memory,
    imports: [
      { name: 'translate', type: TRANSLATE_TYPE },
      { name: 'flagAux', type: FLAG_AUX_TYPE },
      { name: 'flagResult', type: FLAG_RESULT_TYPE },
      { name: 'copyRun', type: RUN_TYPE },
      { name: 'fillRun', type: RUN_TYPE },
      { name: 'helper', type: HELPER_TYPE },
      { name: 'helperWithFlags', type: HELPER_WITH_FLAGS_TYPE },
      ...compiler.frame.quickInstructions.map((name) => ({ name, type: QUICK_TYPE })),
    ],
    functions: [{ type: REGION_TYPE, body: compiler.frame.body, exportAs: 'region' }],
  });
}
