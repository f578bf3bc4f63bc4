// The system helpers, by the names that semantics call them.

import { readControl, readMachineStatus, clearTaskSwitched, writeControl, writeMachineStatus } from './control-registers.ts';
import { cpuid } from './cpuid.ts';
import { readDebug, writeDebug } from './debug-registers.ts';
import {
  gdtBase,
  gdtLimit,
  idtBase,
  idtLimit,
  loadGdt,
  loadIdt,
  loadLdt,
  loadTaskRegister,
  storeLdt,
  storeTaskRegister,
} from './descriptor-tables.ts';
import { farReturn } from './far-return.ts';
import { farCall, farJump } from './far-transfers.ts';
import { clac, cli, popf, pushfValue, stac, sti } from './flags.ts';
import { readFsBase, readGsBase, swapgs, writeFsBase, writeGsBase } from './fs-gs-base.ts';
import { checkCpl0, checkProtectedMode, halt, invalidateCaches } from './halt.ts';
import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import type { NarrowFunction, PairFunction, SystemFunction } from './helper.ts';
import { breakpoint, icebp, interrupt, overflow } from './interrupts.ts';
import { invalidatePage, invpcid } from './invalidation.ts';
import { iret } from './iret.ts';
import { readMsr, writeMsr } from './msrs.ts';
import { checkPort, portIn, portOut } from './ports.ts';
import { loadPointerSegment, loadSegment, readSegment } from './segments.ts';
import { arpl, lar, lsl, verr, verw } from './selector-checks.ts';
import { syscall, sysret } from './syscall.ts';
import { sysenter, sysexit } from './sysenter.ts';
import { readPmc, readTscAux } from './tsc.ts';
import { X87_HELPERS, X87_PAIRS } from './x87.ts';

export type { SystemFunction } from './helper.ts';

// biome-ignore format: a table
export const SYSTEM: Record<SystemHelper, SystemFunction> = {
  interrupt, breakpoint, icebp, overflow, iret, farJump, farCall, farReturn, syscall, sysret, sysenter, sysexit,
  pushfValue, popf, cli, sti, halt, clac, stac,
  readSegment, loadSegment, loadPointerSegment, loadGdt, loadIdt, gdtBase, gdtLimit, idtBase, idtLimit,
  loadLdt, loadTaskRegister, storeLdt, storeTaskRegister, lar, lsl, verr, verw, arpl,
  readControl, writeControl, readDebug, writeDebug, readMachineStatus, writeMachineStatus, clearTaskSwitched,
  readMsr, writeMsr, cpuid, readTscAux, readPmc, invalidatePage, invpcid,
  swapgs, readFsBase, readGsBase, writeFsBase, writeGsBase, invalidateCaches, checkCpl0, checkProtectedMode, portIn, portOut, checkPort,
  ...X87_HELPERS,
};

/** The same for values of at most 32 bits, as numbers. */
export const NARROW_SYSTEM = Object.fromEntries(Object.entries(SYSTEM).map(([name, run]) => [name, narrowForm(run)])) as Record<
  SystemHelper,
  NarrowFunction
>;

function narrowForm(run: SystemFunction & { readonly narrow?: NarrowFunction }): NarrowFunction {
  return run.narrow ?? ((cpu, i, x, y) => Number(BigInt.asIntN(32, run(cpu, i, BigInt(x), BigInt(y)))));
}

export const PAIRS: Record<PairHelper, PairFunction> = X87_PAIRS;
