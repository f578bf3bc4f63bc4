// Registers of a vCPU by the disassembler's names, and which of them a step has changed.

import { Seg } from '../../../base/state/vcpu.ts';
import type { VcpuState } from '../../../base/state/vcpu.ts';
import { GPR_NAMES } from '../../../vm/registers.ts';

type Read = (state: VcpuState) => bigint;

/** Part of a general register. */
interface Part {
  readonly gpr: number;
  readonly shift: bigint;
  readonly bits: number;
}

/** Names of all parts of general registers. */
const PARTS: ReadonlyMap<string, Part> = new Map(GPR_NAMES.flatMap((name, gpr) => partsOf(name, gpr)));

function partsOf(name: string, gpr: number): [string, Part][] {
  const part = (bits: number, shift = 0n): Part => ({ gpr, shift, bits });
  if (gpr >= 8)
    return [
      [name, part(64)],
      [`${name}d`, part(32)],
      [`${name}w`, part(16)],
      [`${name}b`, part(8)],
      [`${name}l`, part(8)],
    ];
  const short = name.slice(1);
  const wide: [string, Part][] = [
    [name, part(64)],
    [`e${short}`, part(32)],
    [short, part(16)],
  ];
  if (gpr >= 4) return [...wide, [`${short}l`, part(8)]];
  return [...wide, [`${short[0]}l`, part(8)], [`${short[0]}h`, part(8, 8n)]];
}

const CONTROLS = ['cr0', 'cr2', 'cr3', 'cr4', 'cr8'] as const;
const DEBUG = [0, 1, 2, 3, 6, 7];

/** Registers beside the general ones that a step may change. */
const SYSTEM: readonly (readonly [string, Read])[] = [
  ...Object.entries(Seg).map(([name, n]): [string, Read] => [name.toLowerCase(), (state) => BigInt(state.segSelector[n])]),
  ...CONTROLS.map((name): [string, Read] => [name, (state) => state[name][0]]),
  ['efer', (state) => state.efer[0]],
  ['gdtr.base', (state) => state.gdtrBase[0]],
  ['gdtr.limit', (state) => BigInt(state.gdtrLimit[0])],
  ['idtr.base', (state) => state.idtrBase[0]],
  ['idtr.limit', (state) => BigInt(state.idtrLimit[0])],
  ...DEBUG.map((n): [string, Read] => [`dr${n}`, (state) => state.dr[n]!]),
];
const SYSTEM_READS: ReadonlyMap<string, Read> = new Map(SYSTEM);

/** The value of the register called `name`, unsigned; null for one that is not known here. */
export function registerValue(state: VcpuState, name: string): bigint | null {
  const part = PARTS.get(name);
  if (part) return BigInt.asUintN(part.bits, state.gpr[part.gpr]! >> part.shift);
  const read = SYSTEM_READS.get(name);
  return read ? BigInt.asUintN(64, read(state)) : null;
}

/** All registers as they are now. */
export interface Registers {
  readonly gpr: BigUint64Array;
  readonly system: readonly bigint[];
}

export const takeRegisters = (state: VcpuState): Registers => ({
  gpr: state.gpr.slice(),
  system: SYSTEM.map(([, read]) => read(state)),
});

/** Names of registers in `written`, and of others that differ from `before`. Those of 64 bits in 64-bit code, else of 32. */
export function writtenRegisters(state: VcpuState, before: Registers, written: readonly string[], bitness: 16 | 32 | 64): string[] {
  const covered = new Set(written.map((name) => PARTS.get(name)?.gpr ?? name));
  const names = [...written];
  GPR_NAMES.forEach((name, gpr) => {
    if (state.gpr[gpr] !== before.gpr[gpr] && !covered.has(gpr)) names.push(bitness === 64 || gpr >= 8 ? name : `e${name.slice(1)}`);
  });
  SYSTEM.forEach(([name, read], n) => {
    if (read(state) !== before.system[n] && !covered.has(name)) names.push(name);
  });
  return names;
}
