// What the image of a configuration means: a disk to boot, or a kernel to load.

import { InputError } from '../base/errors.ts';
import { recogniseImage } from '../boot/image.ts';
import type { BootModule, BootOptions } from '../boot/target.ts';
import type { DiskImage } from './bios/disk.ts';
import type { ImageConfig, ImageFile, PcConfig } from './pc-config.ts';

/** What is loaded into the machine once it is there. */
export interface KernelImage extends ImageFile {
  readonly options: BootOptions;
}

const named = <T extends ImageFile>(given: T | Uint8Array, name: string): T | ImageFile =>
  given instanceof Uint8Array ? { name, bytes: given } : given;

/**
 * The disk or the kernel that the configuration starts with; null for what there is none of. InputError for options that mean nothing
 * to the image, or that stand without one.
 */
export function startOf(config: PcConfig): { readonly disk: DiskImage | null; readonly kernel: KernelImage | null } {
  const { image, asKernel, at, disk, firmware } = config;
  if (!image) {
    refuse(config, ['append', 'initrd', 'modules', 'at', 'asKernel'], (key) => `'${key}' is for an image, and there is no 'image'`);
    return { disk: disk ?? null, kernel: null };
  }
  const { name, bytes } = named(image, 'image');
  if (disk) throw new InputError(`${name}: both 'image' and 'disk' are given: a machine starts with one of them`);
  if (firmware) throw new InputError(`${name}: firmware of one's own starts by itself: write the image to memory, without 'image'`);
  const isDisk = at === undefined && recogniseImage(bytes, { asKernel: asKernel ?? false }) === 'boot-sector';
  if (!isDisk) return { disk: null, kernel: { name, bytes, options: bootOptions(config) } };
  refuse(config, ['append', 'initrd', 'modules'], (key) => `${name}: '${key}' means nothing to a boot sector`);
  return { disk: { name, bytes }, kernel: null };
}

function refuse(config: ImageConfig, keys: readonly (keyof ImageConfig)[], why: (key: string) => string): void {
  const given = keys.find((key) => config[key] !== undefined);
  if (given !== undefined) throw new InputError(why(given));
}

function bootOptions({ append, initrd, modules, at, asKernel }: ImageConfig): BootOptions {
  return {
    ...(append === undefined ? {} : { append }),
    ...(initrd === undefined ? {} : { initrd: named<BootModule>(initrd, 'initrd') }),
    ...(modules === undefined ? {} : { modules: modules.map((module, n) => named<BootModule>(module, `module ${n}`)) }),
    ...(at === undefined ? {} : { at }),
    ...(asKernel === undefined ? {} : { asKernel }),
  };
}
