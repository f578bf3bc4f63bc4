// System instructions (SDM vol. 2; vol. 3, "System Instruction Summary"). Operands are read and results written here; the system
// helpers do the rest. Where the operand is in memory, CPL is checked before it is touched.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Insn } from '../builder/insn.ts';
import { Vector } from '../arch/vectors.ts';
import { RAX, RCX, RDX, linearSize } from './registers.ts';

export const HLT: Semantics = (b, i) => void b.system('halt', i);
export const IN: Semantics = (b, i) => b.write(i.dst, b.system('portIn', i, b.read(i.src)));
export const OUT: Semantics = (b, i) => void b.system('portOut', i, b.read(i.dst), b.read(i.src));

export const MOV_FROM_CR: Semantics = (b, i) => b.write(i.dst, b.system('readControl', i));
export const MOV_TO_CR: Semantics = (b, i) => void b.system('writeControl', i, b.read(i.src));
export const MOV_FROM_DR: Semantics = (b, i) => b.write(i.dst, b.system('readDebug', i));
export const MOV_TO_DR: Semantics = (b, i) => void b.system('writeDebug', i, b.read(i.src));

export const SMSW: Semantics = (b, i) => b.write(i.dst, b.system('readMachineStatus', i));
export const LMSW: Semantics = (b, i) => {
  b.system('checkCpl0', i);
  b.system('writeMachineStatus', i, b.read(i.dst));
};
export const CLTS: Semantics = (b, i) => void b.system('clearTaskSwitched', i);

/** No access is made: the address need not be mapped, nor within the segment. */
export const INVLPG: Semantics = (b, i) => {
  b.system('checkCpl0', i);
  b.system('invalidatePage', i, b.linearAddress(linearSize(i), i.dst.address.segment, b.address(i.dst)));
};

export const INVPCID: Semantics = (b, i) => {
  b.system('checkCpl0', i);
  const descriptor = b.linearAddress(linearSize(i), i.src.address.segment, b.address(i.src));
  b.system('invpcid', i, b.read(i.dst), descriptor);
};

export const INVD: Semantics = (b, i) => void b.system('invalidateCaches', i);
export const WBINVD: Semantics = INVD;

export const RDMSR: Semantics = (b, i) => void b.system('readMsr', i);
export const WRMSR: Semantics = (b, i) => void b.system('writeMsr', i);
export const RDTSC: Semantics = (b) => writeTimeStamp(b, b.timeStamp());
export const RDTSCP: Semantics = (b, i) => {
  const time = b.timeStamp();
  b.writeRegister(4, RCX, b.system('readTscAux', i));
  writeTimeStamp(b, time);
};

function writeTimeStamp<T extends Values>(b: Builder<T>, [low, high]: readonly [T['value'], T['value']]): void {
  b.writeRegister(4, RAX, low);
  b.writeRegister(4, RDX, high);
}
export const RDPMC: Semantics = (b, i) => void b.system('readPmc', i);
export const CPUID: Semantics = (b, i) => void b.system('cpuid', i);

export const SWAPGS: Semantics = (b, i) => void b.system('swapgs', i);
export const RDFSBASE: Semantics = (b, i) => b.write(i.dst, b.system('readFsBase', i));
export const RDGSBASE: Semantics = (b, i) => b.write(i.dst, b.system('readGsBase', i));
export const WRFSBASE: Semantics = (b, i) => void b.system('writeFsBase', i, b.read(i.dst));
export const WRGSBASE: Semantics = (b, i) => void b.system('writeGsBase', i, b.read(i.dst));

/** The array bounds lie one after the other in memory; the index is signed. */
export const BOUND: Semantics = (b, i) => {
  const index = b.read(i.dst);
  const at = b.address(i.src);
  const { segment } = i.src.address;
  const lower = b.load(segment, at, i.size);
  const upper = b.load(segment, b.offset(i, at, i.size), i.size);
  b.raiseWhen(b.orC(b.lessSigned(i.size, index, lower), b.lessSigned(i.size, upper, index)), Vector.BR);
};

const nothing = <T extends Values>(_b: Builder<T>, _i: Insn): void => {};
export const NOP: Semantics = nothing;
export const PAUSE: Semantics = nothing;
export const FENCE: Semantics = nothing;

/** Behaves as a load of the byte for paging and protection (SDM vol. 2, CLFLUSH). */
export const CLFLUSH: Semantics = (b, i) => void b.load(i.dst.address.segment, b.address(i.dst), 1);

export const UD: Semantics = (b) => b.raise(Vector.UD);
export const TOO_LONG: Semantics = (b) => b.raise(Vector.GP, 0);
