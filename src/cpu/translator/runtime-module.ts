// The WebAssembly module that all translated code shares: canonical flags from any kind, stores beside code, and the dispatcher,
// which goes from region to region through the jump cache without leaving WebAssembly. Only this module has a function table:
// modules that import one are expensive to instantiate on older hosts.

import { Seg, VCPU_STATE } from '../../base/state/vcpu.ts';
import type { CodeMap } from '../../mmu/code-map.ts';
import { TLB_LAYOUT, tlbEntries } from '../../mmu/tlb-layout.ts';
import { TlbContext } from '../../mmu/access.ts';
import { KEY_SEGMENTED } from '../code-key.ts';
import { JUMP_CACHE_MASK, JumpEntry, JUMP_ENTRY_SHIFT } from './jump-cache.ts';
import { CANONICAL, OVERRIDE } from './flag-kinds.ts';
import { SLOW_TYPE, TRANSLATE_TYPE, translate } from './slow-access.ts';
import { RUN_TYPE, copyRun, fillRun } from './string-runs.ts';
import { FunctionBody } from './wasm/function-body.ts';
import { encodeModule } from './wasm/module.ts';
import type { FunctionType, ModuleParts } from './wasm/module.ts';

/** (vCPU state block, TLB: byte offsets; number of the entry) → Outcome. The dispatcher has the jump cache's offset in its place. */
export const REGION_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i32'], results: ['i32'] };
/** (kind, x, y, r, top) → the aux word. */
export const FLAG_AUX_TYPE: FunctionType = { parameters: ['i32', 'i64', 'i64', 'i64', 'i32'], results: ['i32'] };
/** (kind, r) → the result word, sign-extended. */
export const FLAG_RESULT_TYPE: FunctionType = { parameters: ['i32', 'i64'], results: ['i64'] };

/** Index of the imported function. */
const SLOW = 0;
/** (site, RIP low, high, budget) → Outcome: see helper-sites.ts. Imported as `helper`. */
export const HELPER_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] };
/** (vCPU state block, and the same): with canonical flags around it. */
export const HELPER_WITH_FLAGS_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i32', 'i32', 'i32'], results: ['i32'] };
const HELPER = 1;
/** Indices of the module's first functions, behind the imported ones. */
const Defined = { FLAG_AUX: 2, FLAG_RESULT: 3 } as const;
/** Index of the type of regions: that of `slow`, the module's first function, whose type is the same. */
const REGION_TYPE_INDEX = 0;

/** What a region, and the dispatcher, returns. */
export const Outcome = {
  /** Go on at the vCPU's RIP. */
  NEXT: 0,
  /** The instruction at RIP is the interpreter's. */
  INTERPRET: 1,
  /** No region is in the jump cache for RIP. */
  MISS: 2,
  /** The budget is used up, or a request waits. */
  STOP: 3,
  /** A helper was left in the middle, or stopped the vCPU: whoever runs it must look. */
  LEFT: 4,
  /** A helper's answer: the region goes on. */
  ON: 5,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** A region that is left for an instruction of a helper returns above this bit the number of the instruction, plus 1. */
export const HELPER_SHIFT = 3;

/** Entries of the function table unless told otherwise; index 0 is never used. */
export const TABLE_SIZE = 16384;

/** Body of flagAux: the carry vector of the operation, moved so that its top bits are bits 31 and 30. */
function flagAux(): FunctionBody {
  const [kind, x, y, r, top] = [0, 1, 2, 3, 4];
  const body = new FunctionBody(FLAG_AUX_TYPE.parameters);
  const carries = body.local('i64');
  const aux = body.local('i32');
  const finished = body.block('i32');
  const labels = Array.from({ length: 6 }, () => body.block()).reverse();
  // labels[op] is the block whose end begins the case of op.
  body.get(kind).i32(2).op('i32.shr_u').i32(15).op('i32.and').brTable(labels.slice(0, 6), labels[5]!);
  const addCarries = (): void => {
    body.get(x).get(y).op('i64.and').get(x).get(y).op('i64.or').get(r).i64(-1n).op('i64.xor', 'i64.and', 'i64.or').set(carries);
  };
  const subCarries = (): void => {
    body.get(x).i64(-1n).op('i64.xor').get(y).op('i64.and');
    body.get(x).i64(-1n).op('i64.xor').get(y).op('i64.or').get(r).op('i64.and', 'i64.or').set(carries);
  };
  const toAux = (): void => {
    // bits width-1 and width-2 to 31 and 30
    body
      .get(carries)
      .i64(1n)
      .get(kind)
      .i32(3)
      .op('i32.and', 'i64.extend_i32_u', 'i64.shl')
      .i64(3n)
      .op('i64.shl')
      .i64(2n)
      .op('i64.sub', 'i64.shr_u', 'i32.wrap_i64')
      .i32(30)
      .op('i32.shl');
    body.get(carries).op('i32.wrap_i64').i32(8).op('i32.and', 'i32.or').set(aux);
  };
  /** CF is y; OF, the xor of the top bits, stays. */
  const withCarryOf = (flag: number): void => {
    body.get(aux).i32(0x3fffffff).op('i32.and');
    body.get(flag).op('i32.wrap_i64').i32(31).op('i32.shl', 'i32.or');
    body.get(aux).get(aux).i32(1).op('i32.shl', 'i32.xor').i32(31).op('i32.shr_u');
    body.get(flag).op('i32.wrap_i64', 'i32.xor').i32(30).op('i32.shl', 'i32.or').br(finished);
  };
  const kept = body.local('i64');
  body.end(); // canonical
  body.get(x).op('i32.wrap_i64').br(finished);
  body.end(); // add
  addCarries();
  toAux();
  body.get(aux).br(finished);
  body.end(); // sub
  subCarries();
  toAux();
  body.get(aux).br(finished);
  body.end(); // logic
  body.i32(0).br(finished);
  body.end(); // inc
  body.get(y).set(kept).i64(1n).set(y);
  addCarries();
  toAux();
  withCarryOf(kept);
  body.end(); // dec
  body.get(y).set(kept).i64(1n).set(y);
  subCarries();
  toAux();
  withCarryOf(kept);
  body.op('unreachable').end().set(aux);
  body.get(aux).i32(0x3fffffff).op('i32.and').get(top).op('i32.or').get(aux);
  return body.get(kind).i32(OVERRIDE).op('i32.and', 'select');
}

/** Body of flagResult: sign-extended from the kind's size; a canonical word has size 8. */
function flagResult(): FunctionBody {
  const [kind, r] = [0, 1];
  const body = new FunctionBody(FLAG_RESULT_TYPE.parameters);
  const unused = body.local('i64');
  body.i64(64n).i64(8n).get(kind).i32(3).op('i32.and', 'i64.extend_i32_u', 'i64.shl', 'i64.sub').set(unused);
  return body.get(r).get(unused).op('i64.shl').get(unused).op('i64.shr_s');
}

function flagsToLazy(body: FunctionBody, cpu: number): void {
  const { offset } = VCPU_STATE;
  body.get(cpu).i32(CANONICAL).memory('i32.store', offset.lazyKind);
  body.get(cpu).get(cpu).memory('i64.load32_u', offset.flagAux).memory('i64.store', offset.lazyX);
  body.get(cpu).get(cpu).memory('i64.load', offset.flagResult).memory('i64.store', offset.lazyR);
}

function flagsToCanonical(body: FunctionBody, cpu: number): void {
  const { offset } = VCPU_STATE;
  body.get(cpu).get(cpu).memory('i32.load', offset.lazyKind);
  for (const word of ['lazyX', 'lazyY', 'lazyR'] as const) body.get(cpu).memory('i64.load', offset[word]);
  body.get(cpu).memory('i32.load', offset.lazyTop).call(Defined.FLAG_AUX).memory('i32.store', offset.flagAux);
  body.get(cpu).get(cpu).memory('i32.load', offset.lazyKind).get(cpu).memory('i64.load', offset.lazyR);
  body.call(Defined.FLAG_RESULT).memory('i64.store', offset.flagResult);
}

/** Body of helperWithFlags. Flags are lazy words when a region calls, and are so again when it goes on. */
function helperWithFlags(): FunctionBody {
  const [cpu, ...passed] = [0, 1, 2, 3, 4];
  const body = new FunctionBody(HELPER_WITH_FLAGS_TYPE.parameters);
  flagsToCanonical(body, cpu);
  for (const parameter of passed) body.get(parameter);
  body.call(HELPER);
  flagsToLazy(body, cpu);
  return body;
}

/** Body of the dispatcher. Between regions the flags are lazy words of any kind; canonical they are when JavaScript sees them. */
function dispatch(): FunctionBody {
  const [cpu, tlb, cache] = [0, 1, 2];
  const { offset } = VCPU_STATE;
  const body = new FunctionBody(REGION_TYPE.parameters);
  const linear = body.local('i64');
  const key = body.local('i32');
  const entry = body.local('i32');
  const slot = body.local('i32');
  const page = body.local('i64');
  const site = body.local('i32');
  const outcome = body.local('i32');
  flagsToLazy(body, cpu);
  const out = body.block();
  const again = body.loop();
  body.get(cpu).memory('i32.load', offset.budget).i32(0).op('i32.le_s').get(cpu).memory('i32.load', offset.request).op('i32.or');
  body.if();
  body.i32(Outcome.STOP).set(outcome).br(out).end();
  body.get(cpu).memory('i64.load', offset.rip).set(linear);
  body.get(cpu).memory('i32.load', offset.codeKey).tee(key).i32(KEY_SEGMENTED).op('i32.and').if();
  body
    .get(linear)
    .op('i32.wrap_i64')
    .get(cpu)
    .memory('i32.load', offset.segBase + 8 * Seg.CS)
    .op('i32.add', 'i64.extend_i32_u');
  body.set(linear).end();
  // The entry that the address hashes to, if it is for this address and code key …
  body
    .get(cache)
    .get(linear)
    .op('i32.wrap_i64')
    .get(linear)
    .i64(12n)
    .op('i64.shr_u', 'i32.wrap_i64', 'i32.xor')
    .i32(JUMP_CACHE_MASK)
    .op('i32.and')
    .i32(JUMP_ENTRY_SHIFT)
    .op('i32.shl', 'i32.add')
    .tee(entry);
  body.memory('i64.load', JumpEntry.linear).get(linear).op('i64.ne');
  body.get(entry).memory('i32.load', JumpEntry.key).get(key).op('i32.ne', 'i32.or');
  body.if();
  body.i32(Outcome.MISS).set(outcome).br(out).end();
  // … and if the TLB still maps it to the page that the region was made from. Bit 0 of the key is user mode.
  const fetches = tlbEntries(TlbContext.FETCH_SUPERVISOR);
  body
    .get(linear)
    .i64(9n)
    .op('i64.shr_u', 'i32.wrap_i64')
    .i32(8 * fetches.mask)
    .op('i32.and');
  body
    .get(key)
    .i32(1)
    .op('i32.and')
    .i32(Math.log2(8 * (fetches.mask + 1)))
    .op('i32.shl', 'i32.add')
    .get(tlb)
    .op('i32.add')
    .tee(slot);
  body.memory('i64.load', TLB_LAYOUT.offset.readTag + 8 * fetches.first);
  body.get(linear).i64(-4096n).op('i64.and').tee(page).op('i64.ne');
  body
    .get(slot)
    .memory('i32.load', TLB_LAYOUT.offset.place + 8 * fetches.first)
    .get(page)
    .op('i32.wrap_i64', 'i32.add');
  body.get(entry).memory('i32.load', JumpEntry.host).op('i32.ne', 'i32.or');
  body.if();
  body.i32(Outcome.MISS).set(outcome).br(out).end();
  body
    .get(cpu)
    .get(tlb)
    .get(entry)
    .memory('i32.load', JumpEntry.entry)
    .get(entry)
    .memory('i32.load', JumpEntry.region)
    .callIndirect(REGION_TYPE_INDEX);
  body.tee(outcome).op('i32.eqz').brIf(again);
  body.get(outcome).i32(HELPER_SHIFT).op('i32.shr_u').i32(1).op('i32.sub').tee(site).i32(0).op('i32.lt_s').brIf(out);
  flagsToCanonical(body, cpu);
  body
    .get(site)
    .get(cpu)
    .memory('i32.load', offset.rip)
    .get(cpu)
    .memory('i32.load', offset.rip + 4);
  body.get(cpu).memory('i32.load', offset.budget).call(HELPER).set(outcome);
  flagsToLazy(body, cpu);
  body.get(outcome).op('i32.eqz').brIf(again);
  body.end().end();
  flagsToCanonical(body, cpu);
  return body.get(outcome);
}

/**
 * The module's bytes; exports flagAux, flagResult, translate, copyRun, fillRun, helperWithFlags, dispatch, table, and gone, a region that
 * does nothing.
 */
export function runtimeModule(
  memory: NonNullable<ModuleParts['memory']>,
  tableSize: number,
  code: CodeMap['layout'],
): Uint8Array<ArrayBuffer> {
  return encodeModule({
    memory,
    imports: [
      { name: 'slow', type: SLOW_TYPE },
      { name: 'helper', type: HELPER_TYPE },
    ],
    functions: [
      { type: FLAG_AUX_TYPE, body: flagAux(), exportAs: 'flagAux' },
      { type: FLAG_RESULT_TYPE, body: flagResult(), exportAs: 'flagResult' },
      { type: REGION_TYPE, body: dispatch(), exportAs: 'dispatch' },
      { type: REGION_TYPE, body: new FunctionBody(REGION_TYPE.parameters).i32(Outcome.MISS), exportAs: 'gone' },
      { type: TRANSLATE_TYPE, body: translate(code, SLOW), exportAs: 'translate' },
      { type: RUN_TYPE, body: copyRun(), exportAs: 'copyRun' },
      { type: RUN_TYPE, body: fillRun(), exportAs: 'fillRun' },
      { type: HELPER_WITH_FLAGS_TYPE, body: helperWithFlags(), exportAs: 'helperWithFlags' },
    ],
    tableSize,
  });
}
