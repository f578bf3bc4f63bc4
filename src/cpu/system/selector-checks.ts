// LAR, LSL, VERR, VERW and ARPL: questions about a selector. No selector makes them fault; ZF is the answer.

import type { Cpu } from '../cpu.ts';
import { ZF } from '../arch/rflags.ts';
import { SystemType as T, findDescriptor, isNull, isReadable, isWritableData, limitOf } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { requireProtectedMode } from './helper.ts';
import type { SystemFunction } from './helper.ts';

interface Types {
  readonly legacy: readonly number[];
  readonly long: readonly number[];
}

/** SDM vol. 2, LAR and LSL: the system types they accept, in legacy protected mode and in IA-32e mode. */
const LAR_TYPES: Types = {
  legacy: [T.TSS16, T.LDT, T.TSS16_BUSY, T.CALL_GATE16, T.TASK_GATE, T.TSS, T.TSS_BUSY, T.CALL_GATE],
  long: [T.LDT, T.TSS, T.TSS_BUSY, T.CALL_GATE],
};
const LSL_TYPES: Types = { legacy: [T.TSS16, T.LDT, T.TSS16_BUSY, T.TSS, T.TSS_BUSY], long: [T.LDT, T.TSS, T.TSS_BUSY] };

function setZero(cpu: Cpu, zero: boolean): void {
  const flags = cpu.flags.read();
  cpu.flags.write(zero ? flags | ZF : flags & ~ZF);
}

/** The descriptor that the selector names, if CPL and RPL may see it. */
function visible(cpu: Cpu, selector: number): Descriptor | null {
  requireProtectedMode(cpu);
  const d = isNull(selector) ? null : findDescriptor(cpu, selector);
  return d !== null && (d.conforming || (d.dpl >= cpu.cpl && d.dpl >= (selector & 3))) ? d : null;
}

const query =
  (types: Types, value: (d: Descriptor, size: number) => number): SystemFunction =>
  (cpu, i, x) => {
    const d = visible(cpu, Number(x & 0xffffn));
    const ok = d !== null && (!d.system || (cpu.longMode ? types.long : types.legacy).includes(d.type));
    setZero(cpu, ok);
    return ok ? BigInt(value(d, i.size)) : 0n;
  };

/** The access rights, masked with 00F0FF00H (FF00H for a 16-bit operand); undefined for the caller when ZF is left clear. */
export const lar = query(LAR_TYPES, (d, size) => d.high & (size === 2 ? 0xff00 : 0xf0ff00));

/** The limit in bytes. */
export const lsl = query(LSL_TYPES, (d, size) => (size === 2 ? limitOf(d) & 0xffff : limitOf(d)));

const verify =
  (permits: (d: Descriptor) => boolean): SystemFunction =>
  (cpu, _i, x) => {
    const d = visible(cpu, Number(x & 0xffffn));
    setZero(cpu, d !== null && permits(d));
    return 0n;
  };

export const verr = verify(isReadable);
export const verw = verify(isWritableData);

/** x = destination selector, y = source. Returns the destination, its RPL raised to the source's if it was lower; ZF tells that. */
export const arpl: SystemFunction = (cpu, _i, x, y) => {
  requireProtectedMode(cpu);
  const lower = (x & 3n) < (y & 3n);
  setZero(cpu, lower);
  return lower ? (x & 0xfffcn) | (y & 3n) : x & 0xffffn;
};
