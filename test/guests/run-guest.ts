// Runs a guest of the catalog on Tidemark as `tidemark run` would, without the command line around it.

import { readFileSync } from 'node:fs';
import { loadImage, recogniseImage } from '../../src/boot/image.ts';
import type { EntryState } from '../../src/boot/target.ts';
import { bootTarget, enter } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import type { SliceResult } from '../../src/vm/exit.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { GUESTS } from './catalog.ts';

const MIB = 1024 ** 2;

export interface LoadedGuest {
  readonly vm: Vm;
  readonly name: string;
  readonly kind: string;
  /** What it has sent to COM1 so far. */
  output(): string;
}

export interface GuestOptions extends Partial<Omit<PcConfig, 'serial' | 'image'>> {
  readonly image: string;
  readonly append?: string;
}

/**
 * A machine with the image loaded, its application processors started at the entry point with their index in RSI; or, if the
 * image is a disk, about to boot it.
 */
export function loadGuest({ image, append = '', ...config }: GuestOptions): LoadedGuest {
  const bytes: number[] = [];
  const file = readFileSync(new URL(image, GUESTS));
  const isDisk = recogniseImage(file) === 'boot-sector';
  const disk = isDisk ? { disk: { name: image, bytes: file } } : {};
  const { vm } = createPc({ memory: 16 * MIB, ...config, ...disk, serial: (byte) => bytes.push(byte) });
  const output = (): string => Buffer.from(bytes).toString('latin1');
  if (isDisk) return { vm, name: image, kind: 'boot-sector', output };
  let entry: EntryState | null = null;
  const target = bootTarget(vm);
  const loaded = loadImage(
    image,
    file,
    {
      ...target,
      setEntry(state) {
        entry = state;
        target.setEntry(state);
      },
    },
    { append },
  );
  const { gpr, ...state } = entry! as EntryState;
  for (let index = 1; index < vm.vcpus.length; index++) enter(vm, { ...state, gpr: { ...gpr, rdi: 0, rsi: index } }, index);
  return { vm, name: image, kind: loaded.kind, output };
}

/** Runs until something other than a limit of `slice` comes up, or `limit` instructions. */
export function runGuest({ vm }: LoadedGuest, { limit = 1e9, slice = limit }: { limit?: number; slice?: number } = {}): SliceResult {
  let retired = 0;
  for (;;) {
    const result = vm.runSlice(Math.min(slice, limit - retired));
    retired += result.retired;
    if (result.exit.kind !== 'limit' || retired >= limit) return { ...result, retired };
  }
}
