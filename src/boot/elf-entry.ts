// How an ELF image without a multiboot header is entered: by its PVH note if it has one, else by its entry point in the mode
// of its class.

import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';
import { isLinuxProgram } from './elf-notes.ts';
import { loadElf, parseElf, physicalEntry } from './elf.ts';
import { long64, placeStack, protected32 } from './entry-state.ts';
import { placeIdentityMap } from './identity-map.ts';
import type { Placement } from './placement.ts';
import { findPvhEntry, placeStartInfo } from './pvh.ts';
import type { BootOptions, BootTarget, EntryState } from './target.ts';

export interface EnteredElf {
  readonly kind: 'pvh' | 'elf32' | 'elf64';
  readonly state: EntryState;
}

/** Loads the image and gives the state to enter with. InputError if it cannot be. */
export function bootElf(file: ImageReader, placement: Placement, target: BootTarget, options: BootOptions): EnteredElf {
  const elf = parseElf(file);
  const pvh = findPvhEntry(file, elf);
  if (pvh === null && isLinuxProgram(file, elf)) throw file.error(null, 'a program for Linux, not a kernel: its ABI note says so');
  const entry = pvh ?? physicalEntry(file, elf);
  if (pvh === null && elf.width === 64) {
    loadElf(file, elf, placement);
    const cr3 = placeIdentityMap(placement, target);
    const gpr = { rdi: placeStartInfo(placement, target, options), rsp: placeStack(placement) };
    return { kind: 'elf64', state: long64(placement, entry, cr3, gpr) };
  }
  if (entry >= 2 ** 32) throw file.error(null, `the entry point ${hex(entry)} is beyond 4 GiB, out of reach in 32-bit mode`);
  loadElf(file, elf, placement);
  return { kind: pvh === null ? 'elf32' : 'pvh', state: enterProtected32(entry, placement, target, options) };
}

/**
 * 32-bit protected mode with EBX pointing to the start information, as PVH has it. PVH promises no stack; it is given one all
 * the same, since plain ELF32 and raw images are entered this way too.
 */
export function enterProtected32(entry: number, placement: Placement, target: BootTarget, options: BootOptions): EntryState {
  const gpr = { rbx: placeStartInfo(placement, target, options), rsp: placeStack(placement) };
  return protected32(placement, entry, gpr);
}
