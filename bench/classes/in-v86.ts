// A run in the npm package v86, in this process.

import { readFileSync } from 'node:fs';
import { debianFile } from '../../test/support/debian-package.ts';
import { file, startV86 } from '../support/v86.ts';
import { BARE_MEMORY, LINUX_MEMORY, kernelImage, linuxCommandLine } from './images.ts';
import type { Linux } from './images.ts';
import { Watch } from './marks.ts';
import type { Outcome } from './marks.ts';
import { ownTime } from './own-time.ts';

const bytesOf = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path));

/** Firmware, which v86 needs to boot a kernel of Linux and does not bring along. */
export const seaBios = (): ReturnType<typeof debianFile> => debianFile('seabios', 'usr/share/seabios/bios.bin');

async function watched(options: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const watch = new Watch(ownTime);
  const emulator = await startV86(options);
  await new Promise<void>((resolve) => {
    emulator.add_listener('serial0-output-byte', (byte) => {
      watch.add(String.fromCharCode(byte));
      if (watch.done) resolve();
    });
  });
  await emulator.destroy();
  return watch.outcome;
}

/** The 32-bit image: v86 has no 64-bit mode. */
export const runBareInV86 = (append: string): Promise<Outcome> =>
  watched({ memory_size: BARE_MEMORY, cmdline: append, multiboot: file(bytesOf(kernelImage(32))) });

export function runLinuxInV86({ kernel, initrd }: Linux, append: string): Promise<Outcome> {
  const { path, reason } = seaBios();
  if (path === null) throw new Error(reason);
  const images = { bios: file(bytesOf(path)), bzimage: file(bytesOf(kernel)), initrd: file(new Uint8Array(initrd)) };
  return watched({ memory_size: LINUX_MEMORY, cmdline: linuxCommandLine(append), ...images });
}
