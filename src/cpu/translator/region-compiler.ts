// A planned region as one WebAssembly function: blocks nested as structure.ts says, each instruction by its semantics.

import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { meaningOf } from '../isa/index.ts?instance=translator';
import { STATUS_FLAGS } from '../arch/rflags.ts';
import { dataContextOf } from '../code-key.ts';
import { RIP_IN_LOCAL, RegionFrame } from './region-frame.ts';
import type { RegionBlock, RegionPlan, Target } from './region-plan.ts';
import { FLAG_AUX_TYPE, FLAG_RESULT_TYPE, Outcome, REGION_TYPE, TRANSLATE_TYPE } from './runtime-module.ts';
import { seenAfterEach } from './seen-flags.ts';
import { structureOf } from './structure.ts';
import type { Structure } from './structure.ts';
import type { Val } from './value.ts';
import { WasmBuilder } from './wasm-builder.ts';
import type { Label } from './wasm/function-body.ts';
import { encodeModule } from './wasm/module.ts';
import type { ModuleParts } from './wasm/module.ts';

const inRegion = (targets: readonly Target[]): number[] => targets.flatMap(({ block }) => (block === null ? [] : [block]));

function successorsOf({ end }: RegionBlock): number[] {
  switch (end.kind) {
    case 'next':
      return inRegion([end.next]);
    case 'jump':
      return inRegion([end.target]);
    case 'branch':
      return inRegion([end.target, end.next]);
    default:
      return [];
  }
}

class RegionCompiler {
  readonly frame: RegionFrame;
  private readonly builder: WasmBuilder;
  private readonly structure: Structure;
  /** Labels that blocks can be branched to from here: loop heads and merge points. */
  private readonly labels = new Map<number, Label>();

  constructor(
    private readonly plan: RegionPlan,
    key: number,
  ) {
    this.frame = new RegionFrame(key, plan.extent);
    this.builder = new WasmBuilder(this.frame, dataContextOf(key));
    this.structure = structureOf(plan.blocks.map(successorsOf));
  }

  compile(): void {
    this.frame.begin();
    this.tree(0);
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
    const block = this.plan.blocks[node]!;
    const seen = seenAfterEach(
      block.insns.map(({ survey }) => survey),
      STATUS_FLAGS,
    );
    this.begin(block, this.structure.isLoop[node]!);
    block.insns.forEach(({ insn, distance }, n) => {
      this.builder.beginInstruction(insn, { distance, left: block.insns.length - n });
      this.builder.flags.seen = seen[n]!;
      meaningOf(insn)(this.builder, insn);
    });
    this.end(node, block);
  }

  /** Takes the block's instructions out of the budget. Leaves if it does not suffice, and at a loop's head if a request waits. */
  private begin(block: RegionBlock, isLoop: boolean): void {
    const { frame, builder } = this;
    const { body } = frame;
    const count = block.insns.length;
    if (count === 0) return;
    body.get(frame.remaining).i32(count).op('i32.lt_s');
    if (isLoop) body.get(frame.cpu).memory('i32.load', VCPU_STATE.offset.request).op('i32.or');
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
      case 'interpret':
        return frame.exit(Outcome.INTERPRET, end.distance, 0, builder.flags.exitKind());
      case 'indirect':
        return this.leaveTo(terminator.kind === 'indirect' ? terminator.target : null);
      case 'branch':
        return this.fork(node, terminator.kind === 'branch' ? terminator.condition : null, end);
    }
  }

  private leaveTo(target: Val | null): void {
    if (target === null) throw new TypeError('a block ends in a jump that its semantics did not make');
    const { builder, frame } = this;
    builder.push(target, 'i64').set(frame.rip);
    frame.exit(Outcome.NEXT, RIP_IN_LOCAL, 0, builder.flags.exitKind());
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
    const { structure, builder, frame } = this;
    const { block } = target;
    if (block === null || structure.isCut(from, block)) return this.leaveAt(target);
    const isBack = structure.order[block]! <= structure.order[from]!;
    if (!isBack && !structure.isMerge[block]) return this.tree(block);
    builder.flags.spillKind();
    frame.body.br(this.labels.get(block)!);
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
export function compileRegion(plan: RegionPlan, key: number, memory: ModuleParts['memory']): Uint8Array<ArrayBuffer> {
  const compiler = new RegionCompiler(plan, key);
  compiler.compile();
  return encodeModule({
    memory,
    imports: [
      { name: 'translate', type: TRANSLATE_TYPE },
      { name: 'flagAux', type: FLAG_AUX_TYPE },
      { name: 'flagResult', type: FLAG_RESULT_TYPE },
    ],
    functions: [{ type: REGION_TYPE, body: compiler.frame.body, exportAs: 'region' }],
  });
}
