// Iterations of a repeated copy or fill that translated code does at once: those in the pages at hand, to which each would get by
// first TLB entries alone. interpreter/string-run.ts does the same.

import { TLB_LAYOUT } from '../../mmu/tlb-layout.ts';
import { FEWEST_AT_ONCE } from '../builder/repeated.ts';
import { FunctionBody } from './wasm/function-body.ts';
import type { FunctionType } from './wasm/module.ts';

/**
 * (first TLB entry of the context, its mask of indices: both times 8; linear address to store to; linear address to copy from, or the
 * value to fill with; most iterations; log2 of an operand's bytes) → iterations done.
 */
export const RUN_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i64', 'i64', 'i32', 'i32'], results: ['i32'] };

const [ENTRIES, MASK, TO, FROM, MOST, SHIFT] = [0, 1, 2, 3, 4, 5] as const;
const VALUE = FROM;
const { offset } = TLB_LAYOUT;

/** Returns 0 if `local` is too few. */
function needEnough(body: FunctionBody, local: number): void {
  body.get(local).i32(FEWEST_AT_ONCE).op('i32.lt_u').if();
  body.i32(0).op('return').end();
}

/** No more iterations than the page of `linear` has left. */
function withinPage(body: FunctionBody, linear: number): void {
  const most = body.local('i32');
  body.i32(4096).get(linear).op('i32.wrap_i64').i32(0xfff).op('i32.and', 'i32.sub').get(SHIFT).op('i32.shr_u').set(most);
  body.get(most).get(MOST).get(most).get(MOST).op('i32.lt_u', 'select').set(MOST);
}

/** The host offset of `linear` in a local. Returns 0 unless the first entry's `tag` permits the access. */
function locate(body: FunctionBody, linear: number, tag: 'readTag' | 'writeTag'): number {
  const entry = body.local('i32');
  const at = body.local('i32');
  body.get(linear).op('i32.wrap_i64').i32(9).op('i32.shr_u').get(MASK).op('i32.and').get(ENTRIES).op('i32.add').tee(entry);
  body.memory('i64.load', offset[tag]).get(linear).i64(-4096n).op('i64.and', 'i64.ne').if();
  body.i32(0).op('return').end();
  body.get(linear).op('i32.wrap_i64').get(entry).memory('i32.load', offset.place).op('i32.add').set(at);
  return at;
}

/** Body of copyRun. */
export function copyRun(): FunctionBody {
  const body = new FunctionBody(RUN_TYPE.parameters);
  const ahead = body.local('i32');
  withinPage(body, TO);
  withinPage(body, FROM);
  needEnough(body, MOST);
  const to = locate(body, TO, 'writeTag');
  const from = locate(body, FROM, 'readTag');
  // What is copied shortly behind its source is copied again by later iterations.
  body.get(to).get(from).op('i32.gt_u').if();
  body.get(to).get(from).op('i32.sub').get(SHIFT).op('i32.shr_u').tee(ahead).get(MOST).get(ahead).get(MOST);
  body.op('i32.lt_u', 'select').set(MOST).end();
  needEnough(body, MOST);
  body.get(to).get(from).get(MOST).get(SHIFT).op('i32.shl').copyMemory();
  return body.get(MOST);
}

/** Body of fillRun. The value's bytes beyond an operand do not count. */
export function fillRun(): FunctionBody {
  const body = new FunctionBody(RUN_TYPE.parameters);
  const bytes = body.local('i32');
  const done = body.local('i32');
  withinPage(body, TO);
  needEnough(body, MOST);
  const to = locate(body, TO, 'writeTag');
  body.get(MOST).get(SHIFT).op('i32.shl').set(bytes);
  // 4 operands are there, so 4 bytes are; 8 of the widest.
  body.get(SHIFT).i32(3).op('i32.eq').if();
  body.get(to).get(VALUE).memory('i64.store').else();
  body.get(to).get(VALUE).op('i32.wrap_i64').memory('i32.store').end();
  body.i32(1).get(SHIFT).op('i32.shl').set(done);
  // Twice as much with each copy.
  const filled = body.block();
  const again = body.loop();
  body.get(done).get(bytes).op('i32.ge_u').brIf(filled);
  body.get(to).get(done).op('i32.add').get(to);
  body.get(done).get(bytes).get(done).op('i32.sub').get(done).get(bytes).get(done).op('i32.sub', 'i32.lt_u', 'select').copyMemory();
  body.get(done).i32(1).op('i32.shl').set(done).br(again);
  body.end().end();
  return body.get(MOST);
}
