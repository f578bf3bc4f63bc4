// Puts a piece of hand-assembled code into a machine and gives the state in which a vCPU enters it.

import { loadImage } from '../../../src/boot/image.ts';
import type { EntryState } from '../../../src/boot/target.ts';
import { bootTarget } from '../../../src/boot/vm-target.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { buildElf } from '../../support/elf-builder.ts';

export const CODE = 0x100000;

/**
 * Loads `code` at CODE, of all vCPUs only vCPU 0 in its entry state. Width 32: protected mode, flat, paging off; 64: 64-bit mode
 * on identity tables of 2 MiB pages.
 */
export function loadCode(vm: Vm, width: 32 | 64, code: readonly number[]): EntryState {
  const bytes = Uint8Array.from(code);
  const target = bootTarget(vm);
  let state: EntryState | null = null;
  const capture = {
    ...target,
    setEntry: (entry: EntryState) => {
      state = entry;
      target.setEntry(entry);
    },
  };
  if (width === 32) loadImage('code', bytes, capture, { at: CODE });
  else loadImage('code', buildElf({ width, entry: CODE, segments: [{ paddr: CODE, bytes }] }), capture);
  return state!;
}
