// The project's guests in machines that are ready to run, with what they say.

import { readFileSync } from 'node:fs';
import { loadImage } from '../../../src/boot/image.ts';
import type { EntryState } from '../../../src/boot/target.ts';
import { bootTarget, enter } from '../../../src/boot/vm-target.ts';
import { createPc } from '../../../src/machine/pc.ts';
import type { PcConfig } from '../../../src/machine/pc.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { MIB } from './configurations.ts';

export interface GuestName {
  /** As `sort/sort-32`. */
  readonly image: string;
  readonly append: string;
}

export interface LoadedGuest {
  readonly vm: Vm;
  /** What it has said on the serial console. */
  readonly text: () => string;
}

const image = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../../guests/${name}.elf`, import.meta.url)));

/** A PC of 8 MiB with the guest loaded, only vCPU 0 active; smp64 gets all vCPUs. */
export function loadGuest({ image: name, append }: GuestName, config: Partial<PcConfig> = {}): LoadedGuest {
  let text = '';
  const { vm } = createPc({
    memory: UNUSED.end,
    ...config,
    serial: (byte) => {
      text += String.fromCharCode(byte);
    },
  });
  const target = bootTarget(vm);
  let state: EntryState | null = null;
  loadImage(
    name,
    image(name),
    {
      ...target,
      setEntry: (entry) => {
        state = entry;
        target.setEntry(entry);
      },
    },
    { append },
  );
  if (name === 'smp64/smp64') vm.vcpus.forEach((_, index) => enter(vm, { ...state!, gpr: { ...state!.gpr, rsi: index } }, index));
  return { vm, text: () => text };
}

/** Where no guest here ever writes or looks: the host's writes in tests go there. Bytes. */
export const UNUSED = { base: 7.5 * MIB, pages: 64, end: 8 * MIB } as const;
