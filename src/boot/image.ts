// Loading an image: what it is, by its content, and then by the rules of that kind.

import { requireBytes } from '../base/arguments.ts';
import { checkLoad } from './check-arguments.ts';
import { ImageReader } from './bytes.ts';
import { bootElf } from './elf-entry.ts';
import { isElf } from './elf.ts';
import { bootFlat } from './flat.ts';
import { bootLinux } from './linux.ts';
import { enterMultiboot } from './multiboot-info.ts';
import { findMultibootHeader, loadMultiboot } from './multiboot.ts';
import { enterMultiboot2 } from './multiboot2-info.ts';
import { findMultiboot2Header, loadMultiboot2 } from './multiboot2.ts';
import { Placement } from './placement.ts';
import { targetOf } from './vm-target.ts';
import type { Machine } from './vm-target.ts';
import type { BootOptions, BootTarget, EntryState, LoadedImage } from './target.ts';

/** What an image is by its content; `boot-sector` is a disk. */
export type ImageContent = 'multiboot' | 'elf' | 'multiboot2' | 'linux' | 'boot-sector' | 'unknown';

const HDRS = 0x53726448;
const HDRS_OFFSET = 0x202;
const SECTOR_SIGNATURE_AT = 510;

/**
 * What a file is, by its content; a malformed file is what it begins as. A boot sector's signature makes it a disk whatever follows,
 * since boot loaders on disks have multiboot headers of their own. ELF and Linux kernels may have it too; their own signatures say
 * that they are no disks. `asKernel`: the file is known to be no disk.
 */
export function recogniseImage(bytes: Uint8Array, { asKernel = false }: { readonly asKernel?: boolean } = {}): ImageContent {
  requireBytes('bytes', bytes);
  const file = new ImageReader('', bytes);
  const isLinux = file.length >= HDRS_OFFSET + 4 && file.u32(HDRS_OFFSET, 'HdrS') === HDRS;
  if (!asKernel && !isLinux && !isElf(bytes) && hasBootSector(bytes)) return 'boot-sector';
  if (findMultibootHeader(file)) return 'multiboot';
  if (findMultiboot2Header(file) !== null) return 'multiboot2';
  if (isElf(bytes)) return 'elf';
  if (isLinux) return 'linux';
  return hasBootSector(bytes) ? 'boot-sector' : 'unknown';
}

/** Whether the first sector ends with the signature that firmware looks for. */
export const hasBootSector = (bytes: Uint8Array): boolean => bytes[SECTOR_SIGNATURE_AT] === 0x55 && bytes[SECTOR_SIGNATURE_AT + 1] === 0xaa;

/**
 * Loads `bytes` (of the file `name`) into the machine, or into a target of one's own, and sets its entry state. With `options.at` the
 * file is loaded raw at that guest-physical address. Firmware's power-on comes first, so the image lies over what that left in low memory.
 * InputError, one line, for whatever cannot be loaded; the entry state is then not set, and memory may hold part of what was to be loaded.
 */
export function loadImage(name: string, bytes: Uint8Array, machine: Machine | BootTarget, options: BootOptions = {}): LoadedImage {
  checkLoad(name, bytes, options);
  const target = targetOf(machine);
  const file = new ImageReader(name, bytes);
  if (file.length === 0) throw file.error(null, 'the file is empty');
  target.powerOn?.();
  const placement = new Placement(name, target);
  const { kind, state } = boot(file, placement, target, options);
  target.setEntry(state);
  const byAddress = [...placement.segments].sort((a, b) => a.base - b.base);
  return { kind, entry: state.rip, segments: byAddress, placed: placement.placed };
}

interface Booted {
  readonly kind: LoadedImage['kind'];
  readonly state: EntryState;
}

function boot(file: ImageReader, placement: Placement, target: BootTarget, given: BootOptions): Booted {
  const content = given.at === undefined ? recogniseImage(file.bytes, given) : 'flat';
  const options = content === 'linux' ? given : initrdAsModule(given);
  if (options.at !== undefined) return { kind: 'flat', state: bootFlat(file, options.at, placement, target, options) };
  switch (content) {
    case 'multiboot': {
      const entry = loadMultiboot(file, findMultibootHeader(file)!, placement);
      return { kind: 'multiboot', state: enterMultiboot(file.name, entry, placement, target, options) };
    }
    case 'multiboot2': {
      const entry = loadMultiboot2(file, findMultiboot2Header(file)!, placement);
      return { kind: 'multiboot2', state: enterMultiboot2(entry, placement, target, options) };
    }
    case 'elf':
      return bootElf(file, placement, target, options);
    case 'linux':
      return bootLinux(file, placement, target, options);
    case 'boot-sector':
      throw file.error(SECTOR_SIGNATURE_AT, 'a boot sector (signature 0xaa55), which firmware loads; a load address makes it a raw image');
    default:
      throw file.error(0, 'not an image that is known (multiboot, ELF or bzImage); a load address makes it a raw image');
  }
}

function initrdAsModule({ initrd, modules = [], ...options }: BootOptions): BootOptions {
  return { ...options, modules: initrd ? [initrd, ...modules] : modules };
}
