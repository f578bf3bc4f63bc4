// PVH: the ELF note by which a kernel names its 32-bit entry point, and the start information (Xen's "x86/HVM direct boot
// ABI", public header arch-x86/hvm/start_info.h). Plain ELF images are given the same start information.

import type { ImageReader } from './bytes.ts';
import { Packer, cString, hex } from './bytes.ts';
import { notesBy } from './elf-notes.ts';
import type { ElfImage } from './elf.ts';
import { memoryMap } from './memory-map.ts';
import { placeModules } from './modules.ts';
import type { Placement } from './placement.ts';
import type { BootOptions, BootTarget } from './target.ts';

const START_MAGIC = 0x336ec578;
const VERSION = 1;
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

/** The entry point a PVH note gives, or null if there is none. Malformed notes end the search of their segment. */
export function findPvhEntry(file: ImageReader, elf: ElfImage): number | null {
  for (const { at, type, descriptor, descriptorSize } of notesBy('Xen', file, elf)) {
    if (type !== XEN_ELFNOTE_PHYS32_ENTRY || (descriptorSize !== 4 && descriptorSize !== 8)) continue;
    const entry = descriptorSize === 4 ? file.u32(descriptor, 'a PVH note') : Number(file.u64(descriptor, 'a PVH note'));
    return checkEntry(file, elf, at, entry);
  }
  return null;
}

function checkEntry(file: ImageReader, elf: ElfImage, note: number, entry: number): number {
  if (entry >= 2 ** 32) throw file.error(note, `the PVH entry point ${hex(entry)} is beyond 4 GiB`);
  if (!elf.segments.some(({ physical, memorySize }) => entry >= physical && entry < physical + memorySize)) {
    throw file.error(note, `the PVH entry point ${hex(entry)} lies in no segment`);
  }
  return entry;
}

/** Builds hvm_start_info with memory map, command line and modules in free RAM; returns its address. */
export function placeStartInfo(placement: Placement, target: BootTarget, options: BootOptions): number {
  const modules = placeModules(placement, options.modules ?? []);
  const list = new Packer();
  for (const { base, size, string } of modules) list.u64(base, size, string, 0);
  const modlist = modules.length > 0 ? placement.put('module list', list.bytes(), 8) : 0;
  const cmdline = placement.put('command line', cString(options.append ?? '', 'the command line'), 1);

  const entries = memoryMap(target.memory);
  const map = new Packer();
  for (const { base, size, type } of entries) map.u64(base, size).u32(type, 0);
  const memmap = placement.put('memory map', map.bytes(), 8);

  const info = new Packer()
    .u32(START_MAGIC, VERSION, 0, modules.length)
    .u64(modlist, cmdline)
    .u64(0) // rsdp_paddr: the board has no ACPI tables
    .u64(memmap)
    .u32(entries.length, 0)
    .bytes();
  return placement.put('start information', info, 8);
}
