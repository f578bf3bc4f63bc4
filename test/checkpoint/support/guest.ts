// The project's guests on fresh machines, with what they say collected.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadImage } from '../../../src/boot/image.ts';
import type { EntryState } from '../../../src/boot/target.ts';
import { bootTarget, enter } from '../../../src/boot/vm-target.ts';
import { createPc } from '../../../src/machine/pc.ts';
import type { PcConfig } from '../../../src/machine/pc.ts';
import type { Vm } from '../../../src/vm/vm.ts';

export const GUESTS = join(import.meta.dirname, '../../../guests');

export interface GuestSpec {
  readonly name: string;
  /** Below guests/. */
  readonly image: string;
  readonly append: string;
  readonly vcpus: number;
}

const MIB = 1024 ** 2;

export const DIRTIER: GuestSpec = {
  name: 'dirtier-64',
  image: 'dirtier/dirtier-64.elf',
  append: 'pages=48 rate=16 iterations=14 group=1',
  vcpus: 1,
};
/** With page tables of its own, timer interrupts, task switches and user mode. */
export const KERNEL32: GuestSpec = { name: 'kernel32', image: 'kernel32/kernel32.elf', append: 'hz=1000', vcpus: 1 };
export const smp64 = (vcpus: number): GuestSpec => ({
  name: `smp64 on ${vcpus} vCPUs`,
  image: 'smp64/smp64.elf',
  append: `cpus=${vcpus} rounds=300`,
  vcpus,
});

export interface Guest {
  readonly vm: Vm;
  /** What it has said on COM1 so far. */
  output(): string;
}

/** An empty machine for the guest. */
export function machineFor(spec: GuestSpec, config: Partial<PcConfig> = {}): Guest {
  let said = '';
  // A small quantum: turns end often, so that what is left of one matters.
  const { vm } = createPc({
    memory: 8 * MIB,
    vcpus: spec.vcpus,
    quantum: 777,
    serial: (byte) => {
      said += String.fromCharCode(byte);
    },
    ...config,
  });
  return { vm, output: () => said };
}

/** The same with the guest loaded; every vCPU starts, its index in RSI. */
export function loadedGuest(spec: GuestSpec, config: Partial<PcConfig> = {}): Guest {
  const guest = machineFor(spec, config);
  const { vm } = guest;
  const setEntry = (state: EntryState): void => vm.vcpus.forEach((_, n) => enter(vm, { ...state, gpr: { ...state.gpr, rsi: n } }, n));
  loadImage(spec.image, readFileSync(join(GUESTS, spec.image)), { ...bootTarget(vm), setEntry }, { append: spec.append });
  return guest;
}

/** Everything but RAM that a guest can see: PML is the host's. */
export function visibleState(vm: Vm): object {
  const { ticks, turns, vcpus, platform } = vm.save();
  return { ticks, turns, platform, vcpus: vcpus.map(({ registers, tlb }) => ({ registers: { ...registers, pmlIndex: null }, tlb })) };
}
