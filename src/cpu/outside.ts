// Accesses to ports and to guest-physical addresses that are not RAM: replayed, taken by the board, or leaving the machine.

import type { AccessWidth } from '../base/device.ts';
import type { CpuState } from './state/cpu-state.ts';
import type { OutsideAccess } from './replay.ts';

type Kind = OutsideAccess['kind'];

/** Reads port or guest-physical `address`; unsigned. Leaves the instruction if the caller of `run` has to answer. */
export function readOutside(cpu: CpuState, kind: Kind, address: number, width: AccessWidth): number {
  const { host, replay } = cpu;
  const known = replay.replayed();
  if (known !== null) return known;
  const value = kind === 'io' ? host.readPort(address, width, cpu.index) : host.readMmio(address, width, cpu.index);
  if (value === null) return leave(cpu, { kind, direction: 'read', address, width, value: 0 });
  replay.note({ kind, direction: 'read', address, width, value }, cpu.progress);
  return value;
}

/** Writes `value`, unsigned. */
export function writeOutside(cpu: CpuState, kind: Kind, address: number, width: AccessWidth, value: number): void {
  const { host, replay } = cpu;
  if (replay.replayed() !== null) return;
  const claimed = kind === 'io' ? host.writePort(address, width, value, cpu.index) : host.writeMmio(address, width, value, cpu.index);
  if (!claimed) leave(cpu, { kind, direction: 'write', address, width, value });
  replay.note({ kind, direction: 'write', address, width, value }, cpu.progress);
}

function leave(cpu: CpuState, access: OutsideAccess): never {
  cpu.replay.leave(access, cpu.progress);
  throw cpu.exitSignal;
}
