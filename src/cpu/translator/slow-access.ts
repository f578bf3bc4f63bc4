// What an access in translated code calls when its first TLB entry does not permit it at once. A victim is looked at, and a store
// through a guarded tag is let pass unless it is to code, without leaving WebAssembly.

import type { CodeMap } from '../../mmu/code-map.ts';
import { TAG_GUARDED, TLB_LAYOUT, TLB_VICTIM_CONTEXTS, tlbEntries, tlbVictims } from '../../mmu/tlb-layout.ts';
import { Access } from '../../mmu/access.ts';
import type { TlbPlace } from '../../mmu/tlb-layout.ts';
import { FunctionBody } from './wasm/function-body.ts';
import type { FunctionType } from './wasm/module.ts';

/** (TLB, linear address low, high, size << 8 | context << 2 | access) → host offset, or 0 for what the interpreter must do. */
export const TRANSLATE_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] };
/** The same without the TLB: JavaScript's. */
export const SLOW_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i32'], results: ['i32'] };

/** A word read at a byte has this many bits left after a shift to the wanted one. Stores of more bytes go to JavaScript. */
const MOST_BYTES = 25;
const [TLB, LOW, HIGH, WHAT] = [0, 1, 2, 3] as const;
const { offset } = TLB_LAYOUT;

/**
 * Body of translate. `code`: CodeMap.layout; `slow`: index of the function that does the rest. A tag is compared with the page of
 * the last byte, so that no access that crosses pages passes.
 */
export function translate(code: CodeMap['layout'], slow: number): FunctionBody {
  const body = new FunctionBody(TRANSLATE_TYPE.parameters);
  const wanted = body.local('i64');
  const entry = body.local('i32');
  const context = body.local('i32');
  /** Puts the entry's address on the stack, less 8 times the first index of `place`, which is that of context 0. */
  const entryIn = ({ mask }: TlbPlace): void => {
    body
      .get(context)
      .i32(Math.log2(8 * (mask + 1)))
      .op('i32.shl');
    body
      .get(LOW)
      .i32(9)
      .op('i32.shr_u')
      .i32(8 * mask)
      .op('i32.and', 'i32.add')
      .get(TLB)
      .op('i32.add');
  };
  body.get(WHAT).i32(2).op('i32.shr_u').i32(7).op('i32.and').set(context);
  body.get(LOW).op('i64.extend_i32_u').get(HIGH).op('i64.extend_i32_u').i64(32n).op('i64.shl', 'i64.or');
  body.get(WHAT).i32(8).op('i32.shr_u', 'i64.extend_i32_u', 'i64.add').i64(1n).op('i64.sub').i64(-4096n).op('i64.and').set(wanted);
  const rest = body.block();
  // Only these have as many entries and victims.
  body.get(context).i32(TLB_VICTIM_CONTEXTS).op('i32.ge_u').brIf(rest);
  // The victim …
  const victims = tlbVictims(0);
  entryIn(victims);
  body.set(entry);
  body.get(WHAT).i32(3).op('i32.and').i32(Access.WRITE).op('i32.eq').if('i64');
  body
    .get(entry)
    .memory('i64.load', offset.writeTag + 8 * victims.first)
    .else();
  body
    .get(entry)
    .memory('i64.load', offset.readTag + 8 * victims.first)
    .end();
  body.get(wanted).op('i64.eq').if();
  body
    .get(entry)
    .memory('i32.load', offset.place + 8 * victims.first)
    .get(LOW)
    .op('i32.add', 'return')
    .end();
  // … and, for a store, a tag that is guarded.
  body.get(WHAT).i32(3).op('i32.and').i32(Access.WRITE).op('i32.ne').brIf(rest);
  entryIn(tlbEntries(0));
  body.tee(entry).memory('i64.load', offset.writeTag);
  body.get(wanted).i64(BigInt(TAG_GUARDED)).op('i64.or', 'i64.ne').brIf(rest);
  beside(body, code, entry, rest);
  body.end();
  return body.get(LOW).get(HIGH).get(WHAT).call(slow);
}

/** Returns the host offset of a store that entry `entry` guards, if none of its bytes is code, by the look-up of CodeMap.meets. */
function beside(body: FunctionBody, code: CodeMap['layout'], entry: number, rest: number): void {
  const bytes = body.local('i32');
  const at = body.local('i32');
  body.get(WHAT).i32(8).op('i32.shr_u').tee(bytes).i32(MOST_BYTES).op('i32.gt_u').brIf(rest);
  body.get(entry).memory('i32.load', offset.place).get(LOW).op('i32.add').tee(at);
  body.i32(12).op('i32.shr_u').i32(1).op('i32.shl').i32(code.rows).op('i32.add').memory('i32.load16_u').i32(9).op('i32.shl');
  body.get(at).i32(3).op('i32.shr_u').i32(0x1ff).op('i32.and', 'i32.add').memory('i32.load', code.bits);
  body.get(at).i32(7).op('i32.and', 'i32.shr_u');
  body.i32(1).get(bytes).op('i32.shl').i32(1).op('i32.sub', 'i32.and').brIf(rest);
  body.get(at).op('return');
}
