// The setup header of a Linux bzImage: what the kernel says of itself (Linux, "The Linux/x86 Boot Protocol", "The Real-Mode
// Kernel Header"). Field names are those of that document.

import type { ImageReader } from './bytes.ts';
import { hex } from './bytes.ts';

/** The header within the file, and within boot_params, where it lies at the same offset. */
export const HEADER_START = 0x1f1;
/** What follows the header in boot_params begins here. */
const HEADER_LIMIT = 0x290;
const SECTOR = 512;
/** "If setup_sects is 0, the real value is 4." */
const DEFAULT_SETUP_SECTS = 4;
const BOOT_FLAG = 0xaa55;
const MIN_VERSION = 0x0202;
const LOADED_HIGH = 1;
const XLF_KERNEL_64 = 1;
/** Where the protected-mode kernel of a bzImage goes unless it says otherwise. */
const ONE_MIB = 0x100000;
const GIB = 2 ** 30;
const DEFAULT_INITRD_ADDR_MAX = 0x37ffffff;
const DEFAULT_CMDLINE_SIZE = 255;

export interface LinuxHeader {
  /** The header's end within the file and boot_params. */
  readonly end: number;
  /** File offset of the protected-mode kernel, which reaches to the end of the file. */
  readonly kernelOffset: number;
  /** Where it is loaded, and how far the RAM it needs reaches until it knows the memory map. */
  readonly loadAddress: number;
  readonly memoryEnd: number;
  /** Whether it has a 64-bit entry point, 0x200 after its start. */
  readonly long: boolean;
  /** The highest address that the initial RAM disk may occupy. */
  readonly initrdAddrMax: number;
  /** The longest command line, in bytes without the terminating NUL. */
  readonly cmdlineSize: number;
}

/** Reads and checks the header. InputError, one line, for a kernel that is broken, too old or no bzImage. */
export function parseLinuxHeader(file: ImageReader): LinuxHeader {
  const what = 'the setup header';
  const bootFlag = file.u16(0x1fe, what);
  if (bootFlag !== BOOT_FLAG) throw file.error(0x1fe, `boot_flag is ${hex(bootFlag)}, not ${hex(BOOT_FLAG)}: the kernel is damaged`);
  const version = file.u16(0x206, what);
  const named = `boot protocol ${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
  if (version < MIN_VERSION) throw file.error(0x206, `${named} is too old; 2.02 is the oldest that is supported`);
  if (!(file.u8(0x211, what) & LOADED_HIGH)) throw file.error(0x211, 'LOADED_HIGH is clear: a zImage; only a bzImage can be loaded');
  // The jump instruction at 0x200 leads over the header.
  const end = 0x202 + file.u8(0x201, what);
  const least = version >= 0x020a ? 0x264 : version >= 0x0206 ? 0x23c : version >= 0x0205 ? 0x235 : 0x22c;
  if (end < least) throw file.error(0x201, `the setup header ends at ${hex(end)}, too early for ${named}`);

  const kernelOffset = ((file.u8(HEADER_START, what) || DEFAULT_SETUP_SECTS) + 1) * SECTOR;
  const size = file.length - kernelOffset;
  if (size <= 0) throw file.error(file.length, `the file ends before the protected-mode kernel at ${hex(kernelOffset)}`);
  // Before 2.04 syssize has 16 bits and says nothing certain.
  const syssize = version >= 0x0204 ? file.u32(0x1f4, what) * 16 : 0;
  if (syssize - 15 > size) {
    const has = `${hex(size)} bytes of the ${hex(syssize)} that syssize gives`;
    throw file.error(file.length, `the file ends inside the protected-mode kernel: ${has}`);
  }
  if (version >= 0x0208) checkPayload(file, size);
  return {
    end: Math.min(end, HEADER_LIMIT),
    kernelOffset,
    ...placeOf(file, version, size),
    long: version >= 0x020c && (file.u16(0x236, what) & XLF_KERNEL_64) !== 0,
    initrdAddrMax: version >= 0x0203 ? file.u32(0x22c, what) : DEFAULT_INITRD_ADDR_MAX,
    cmdlineSize: version >= 0x0206 ? file.u32(0x238, what) : DEFAULT_CMDLINE_SIZE,
  };
}

/** The compressed kernel lies within the protected-mode part, which unpacks it; without a length there is none. */
function checkPayload(file: ImageReader, size: number): void {
  const offset = file.u32(0x248, 'the setup header');
  const length = file.u32(0x24c, 'the setup header');
  if (length !== 0 && offset + length > size) {
    throw file.error(0x248, `the payload at ${hex(offset)}, ${hex(length)} bytes, lies beyond the end of the kernel: ${hex(size)} bytes`);
  }
}

/**
 * A relocatable kernel runs where it is loaded, but not below pref_address; any other moves itself there. In both cases it takes
 * init_size bytes from there.
 */
function placeOf(file: ImageReader, version: number, size: number): { loadAddress: number; memoryEnd: number } {
  const what = 'the setup header';
  const preferred = version >= 0x020a ? Number(file.u64(0x258, what)) : 0;
  const initSize = version >= 0x020a ? file.u32(0x260, what) : 0;
  if (preferred !== 0 && (preferred < ONE_MIB || preferred + initSize > 4 * GIB)) {
    throw file.error(0x258, `pref_address ${hex(preferred)} with init_size ${hex(initSize)} is not between 1 MiB and 4 GiB`);
  }
  const relocatable = version >= 0x0205 && file.u8(0x234, what) !== 0;
  const loadAddress = relocatable && preferred !== 0 ? preferred : ONE_MIB;
  return { loadAddress, memoryEnd: Math.max(loadAddress + size, (preferred || ONE_MIB) + initSize) };
}
