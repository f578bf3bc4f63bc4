// What is run: the images of guests/bench, and Debian's Linux for 32-bit PCs with one of them as its first program.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { initramfs, characterDevice, directory, program } from '../../test/linux/initramfs.ts';
import { debianFile } from '../../test/support/debian-package.ts';
import { checkoutRoot } from '../support/guest.ts';

export type Bits = 32 | 64;
export const MIB = 1024 ** 2;
/** Bytes of memory under each machine. */
export const BARE_MEMORY = 64 * MIB;
export const LINUX_MEMORY = 256 * MIB;

export const kernelImage = (bits: Bits): string => join(checkoutRoot(), `guests/bench/bench-${bits}.elf`);
export const linuxProgram = (bits: Bits): string => join(checkoutRoot(), `guests/bench/bench-linux-${bits}.elf`);

export interface Linux {
  /** Path of the kernel, a bzImage. */
  readonly kernel: string;
  readonly initrd: Uint8Array;
}

/** Debian's kernel with physical address extension, fetched once into the cache; why there is none where it cannot be had. */
export function debianLinux(): Linux | { readonly reason: string } {
  const { path, reason } = debianFile('linux-image-686-pae:i386', 'boot/vmlinuz-*', { dependency: true });
  if (path === null) return { reason };
  const init = program('init', readFileSync(linuxProgram(32)));
  return { kernel: path, initrd: initramfs([directory('dev'), characterDevice('dev/console', 5, 1), init]) };
}

/** Linux's command line: what follows `--` is for its first program. */
export const linuxCommandLine = (append: string): string => `console=ttyS0 quiet panic=-1 -- ${append}`;
