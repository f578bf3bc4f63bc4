// A run in Tidemark, in this process.

import { readFileSync } from 'node:fs';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { BARE_MEMORY, LINUX_MEMORY, kernelImage, linuxCommandLine } from './images.ts';
import type { Bits, Linux } from './images.ts';
import { Watch } from './marks.ts';
import type { Outcome } from './marks.ts';
import { ownTime } from './own-time.ts';

export type Engine = NonNullable<VmConfig['engine']>;
const SLICE = 10_000_000;

/** Runs a kernel until the benchmark's last line. Throws if the machine stops before. */
function run(
  engine: Engine,
  memory: number,
  path: string,
  boot: { append: string; initrd?: { name: string; bytes: Uint8Array } },
): Outcome {
  const watch = new Watch(ownTime);
  const serial = (byte: number): void => watch.add(String.fromCharCode(byte));
  const { vm } = createPc({ memory, engine, serial });
  loadImage(path, new Uint8Array(readFileSync(path)), bootTarget(vm), boot);
  while (!watch.done) {
    const { exit } = vm.runSlice(SLICE);
    if (exit.kind !== 'limit' && !watch.done) throw new Error(`${path} left with ${exit.kind}: ${watch.other.trim()}`);
  }
  return watch.outcome;
}

export const runBareInTidemark = (engine: Engine, bits: Bits, append: string): Outcome =>
  run(engine, BARE_MEMORY, kernelImage(bits), { append });

export const runLinuxInTidemark = (engine: Engine, { kernel, initrd }: Linux, append: string): Outcome =>
  run(engine, LINUX_MEMORY, kernel, { append: linuxCommandLine(append), initrd: { name: 'initrd', bytes: initrd } });
