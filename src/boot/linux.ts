// Entering a Linux bzImage without its real-mode part (Linux, "The Linux/x86 Boot Protocol", "32-bit Boot Protocol" and "64-bit
// Boot Protocol"): the kernel, its RAM disk and command line in memory, and boot_params, the "zero page", which tells of them.

import { PAGE_SIZE } from '../base/paging-units.ts';
import { InputError } from '../base/errors.ts';
import type { ImageReader } from './bytes.ts';
import { cString, hex } from './bytes.ts';
import { linux64, protected32 } from './entry-state.ts';
import { placeIdentityMap } from './identity-map.ts';
import { HEADER_START, parseLinuxHeader } from './linux-header.ts';
import type { LinuxHeader } from './linux-header.ts';
import { memoryMap } from './memory-map.ts';
import type { Placement } from './placement.ts';
import type { BootModule, BootOptions, BootTarget, EntryState } from './target.ts';

/** The 64-bit entry point, after the start of the protected-mode kernel. */
const ENTRY_64 = 0x200;
const UNDEFINED_LOADER = 0xff;
/** Offsets in boot_params, its own and those of the setup header. */
const Param = {
  E820_ENTRIES: 0x1e8,
  TYPE_OF_LOADER: 0x210,
  CODE32_START: 0x214,
  RAMDISK_IMAGE: 0x218,
  RAMDISK_SIZE: 0x21c,
  CMD_LINE_PTR: 0x228,
  E820_TABLE: 0x2d0,
} as const;
const E820_ENTRY_BYTES = 20;
const E820_MAX_ENTRIES = 128;

export interface EnteredLinux {
  readonly kind: 'linux32' | 'linux64';
  readonly state: EntryState;
}

/** Loads the kernel and gives the state to enter with: in 64-bit mode if it can be. InputError if it cannot be loaded. */
export function bootLinux(file: ImageReader, placement: Placement, target: BootTarget, options: BootOptions): EnteredLinux {
  const header = parseLinuxHeader(file);
  if (options.modules && options.modules.length > 0) throw file.error(null, 'a Linux bzImage takes an initial RAM disk, not modules');
  const kernel = file.bytes.subarray(header.kernelOffset);
  const { loadAddress, memoryEnd, long } = header;
  placement.claim('kernel', loadAddress, memoryEnd - loadAddress);
  placement.fill(loadAddress, kernel, kernel.length);
  const rsi = placeBootParams(file, header, placement, target, options);
  if (!long) return { kind: 'linux32', state: protected32(placement, loadAddress, { rsi }) };
  const cr3 = placeIdentityMap(placement, target);
  return { kind: 'linux64', state: linux64(placement, loadAddress + ENTRY_64, cr3, { rsi }) };
}

function placeBootParams(
  file: ImageReader,
  header: LinuxHeader,
  placement: Placement,
  target: BootTarget,
  { append = '', initrd }: BootOptions,
): number {
  const params = new Uint8Array(PAGE_SIZE);
  const view = new DataView(params.buffer);
  const u32 = (offset: number, value: number): void => view.setUint32(offset, value, true);
  // "The memory for struct boot_params should be allocated and initialized to all zero. Then the setup header … loaded."
  params.set(file.bytes.subarray(HEADER_START, header.end), HEADER_START);
  params[Param.TYPE_OF_LOADER] = UNDEFINED_LOADER;
  u32(Param.CODE32_START, header.loadAddress);
  u32(Param.CMD_LINE_PTR, placeCommandLine(header, placement, append));
  u32(Param.RAMDISK_IMAGE, initrd ? placeInitrd(header, placement, initrd) : 0);
  u32(Param.RAMDISK_SIZE, initrd?.bytes.length ?? 0);

  const map = memoryMap(target.memory).slice(0, E820_MAX_ENTRIES);
  params[Param.E820_ENTRIES] = map.length;
  map.forEach(({ base, size, type }, i) => {
    const entry = Param.E820_TABLE + i * E820_ENTRY_BYTES;
    view.setBigUint64(entry, BigInt(base), true);
    view.setBigUint64(entry + 8, BigInt(size), true);
    u32(entry + 16, type);
  });
  return placement.put('boot parameters', params, PAGE_SIZE);
}

function placeCommandLine({ cmdlineSize }: LinuxHeader, placement: Placement, append: string): number {
  const bytes = cString(append, 'the command line');
  if (bytes.length - 1 > cmdlineSize) {
    throw new InputError(`the command line has ${bytes.length - 1} bytes; this kernel takes at most ${cmdlineSize}`);
  }
  return placement.put('command line', bytes, 1);
}

/** Puts the RAM disk as high as it may be: what the kernel does before it knows of it does not reach there. */
function placeInitrd({ initrdAddrMax }: LinuxHeader, placement: Placement, { name, bytes }: BootModule): number {
  const base = placement.reserveHighest('initial RAM disk', bytes.length, PAGE_SIZE, initrdAddrMax + 1);
  if (base === null) {
    const size = `${hex(bytes.length)} bytes`;
    throw new InputError(`initrd '${name}': ${size} do not fit into free guest RAM from 1 MiB to ${hex(initrdAddrMax)} (initrd_addr_max)`);
  }
  placement.fill(base, bytes, bytes.length);
  return base;
}
