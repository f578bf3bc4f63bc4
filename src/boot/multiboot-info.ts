// What a multiboot kernel is told: the information structure EBX points to (Multiboot Specification 0.6.96, "Boot
// information format") and the machine state ("Machine state").

import { Packer, cString } from './bytes.ts';
import { protected32 } from './entry-state.ts';
import { CONVENTIONAL_END, ADAPTER_END, MemoryType, memoryMap } from './memory-map.ts';
import { placeModules } from './modules.ts';
import type { Placement } from './placement.ts';
import type { BootOptions, BootTarget, EntryState } from './target.ts';

const LOADER_MAGIC = 0x2badb002;
export const LOADER_NAME = 'Tidemark';
const InfoFlag = { MEMORY: 1, CMDLINE: 4, MODS: 8, MMAP: 0x40, LOADER_NAME: 0x200 } as const;
const KIB = 1024;

/** Kilobytes of contiguous RAM from `from` up to `limit`. */
export function contiguousKib(target: BootTarget, from: number, limit: number): number {
  const range = memoryMap(target.memory).find(({ base, size, type }) => type === MemoryType.RAM && base <= from && from < base + size);
  return range ? Math.floor((Math.min(range.base + range.size, limit) - from) / KIB) : 0;
}

/** Builds the structures in free RAM and gives the state to enter with. The command line begins with the image's name. */
export function enterMultiboot(name: string, entry: number, placement: Placement, target: BootTarget, options: BootOptions): EntryState {
  const modules = placeModules(placement, options.modules ?? []);
  const cmdline = placement.put('command line', cString(options.append ? `${name} ${options.append}` : name, 'the command line'), 1);
  const loaderName = placement.put('boot loader name', cString(LOADER_NAME, 'the boot loader name'), 1);

  const list = new Packer();
  for (const { base, size, string } of modules) list.u32(base, base + size, string, 0);
  const modsAddress = placement.put('module list', list.bytes(), 4);

  const map = new Packer();
  // "The size of the associated structure in bytes" does not count the size field itself.
  for (const { base, size, type } of memoryMap(target.memory)) map.u32(20).u64(base, size).u32(type);
  const mmap = map.bytes();
  const mmapAddress = placement.put('memory map', mmap, 4);

  const info = new Packer()
    .u32(InfoFlag.MEMORY | InfoFlag.CMDLINE | InfoFlag.MODS | InfoFlag.MMAP | InfoFlag.LOADER_NAME)
    .u32(contiguousKib(target, 0, CONVENTIONAL_END), contiguousKib(target, ADAPTER_END, 2 ** 32))
    .u32(0) // boot_device
    .u32(cmdline, modules.length, modsAddress)
    .u32(0, 0, 0, 0) // syms
    .u32(mmap.length, mmapAddress)
    .u32(0, 0, 0) // drives_length, drives_addr, config_table
    .u32(loaderName)
    .u32(...new Array<number>(13).fill(0)) // apm_table, VBE and framebuffer fields
    .bytes();
  return protected32(placement, entry, { rax: LOADER_MAGIC, rbx: placement.put('multiboot information', info, 4) });
}
