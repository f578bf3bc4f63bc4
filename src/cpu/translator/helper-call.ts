// Instructions that only the interpreter executes. Where execution may go on behind one, it is a call out of the region: registers
// are stored before and loaded behind, and the answer says whether the region goes on (helper-sites.ts has the conditions) or is
// left. Where it may not, the region is left, and the dispatcher makes the call.

import type { FlagState } from './flag-state.ts';
import { DYNAMIC } from './flag-kinds.ts';
import type { Site } from './register-builder.ts';
import { Imported } from './region-frame.ts';
import type { RegionFrame } from './region-frame.ts';
import { Outcome } from './runtime-module.ts';

export interface HelperCall {
  /** Number of the instruction among the helpers' sites. */
  readonly number: number;
  readonly site: Site;
  /** It reads or sets status flags. Otherwise they stay in the region's locals. */
  readonly usesFlags: boolean;
}

/** Leaves the region for instruction `number`. */
export function emitHelperExit(frame: RegionFrame, flags: FlagState, { number, site }: HelperCall): void {
  frame.body.i32(number + 1).set(frame.helperSite);
  frame.exit(Outcome.INTERPRET, site.distance, site.left, flags.exitKind());
}

export function emitHelperCall(frame: RegionFrame, flags: FlagState, { number, site, usesFlags }: HelperCall): void {
  const { body } = frame;
  if (usesFlags) {
    storeFlags(frame, flags);
    flags.enterDynamic();
  }
  body.later(() => frame.storeRegisters());
  if (usesFlags) body.get(frame.cpu);
  body.i32(number);
  const rip = (): void => void body.get(frame.pageBase).i64(BigInt(site.distance)).op('i64.add');
  rip();
  body.op('i32.wrap_i64');
  rip();
  body.i64(32n).op('i64.shr_s', 'i32.wrap_i64');
  body.get(frame.remaining).i32(site.left).op('i32.add');
  body.call(usesFlags ? Imported.HELPER_WITH_FLAGS : Imported.HELPER);
  body.tee(frame.exitWord).i32(Outcome.ON).op('i32.ne').if();
  if (!usesFlags) storeFlags(frame, flags);
  body.get(frame.exitWord).op('return').end();
  body.later(() => frame.loadRegisters());
  if (usesFlags) frame.loadFlags();
}

/** Stores the flags as lazy words; the code behind goes on as if that had not been emitted. */
function storeFlags(frame: RegionFrame, flags: FlagState): void {
  const kind = flags.exitKind();
  if (kind !== DYNAMIC) frame.body.i32(kind).set(frame.flagKind);
  frame.storeFlags();
}
