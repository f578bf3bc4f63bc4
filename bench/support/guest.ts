// A guest image of the project, loaded into a machine that is ready to run it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { loadImage } from '../../src/boot/image.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import type { Vm } from '../../src/vm/vm.ts';

const MIB = 1024 ** 2;

/** `name` as `sieve/sieve-32.elf`; the command line goes to the guest. */
export function loadGuest(root: string, name: string, append: string, config: Partial<PcConfig> = {}): Vm {
  return loadBytes(name, new Uint8Array(readFileSync(`${root}/guests/${name}`)), config, append);
}

/** An image given by its bytes; `name` is for messages. */
export function loadBytes(name: string, image: Uint8Array, config: Partial<PcConfig> = {}, append = ''): Vm {
  const { vm } = createPc({ memory: 32 * MIB, ...config });
  loadImage(name, image, bootTarget(vm), { append });
  return vm;
}

/** The checkout's root, from a bundle or a source file one or two folders below it. */
export function checkoutRoot(): string {
  return process.env.TIDEMARK_ROOT ?? fileURLToPath(new URL('../..', import.meta.url));
}
