// The npm package v86, a 32-bit PC in the browser, as a peer: the same multiboot images in it.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkoutRoot } from './guest.ts';

const MIB = 1024 ** 2;

/** What is used of the package's emulator. */
interface Emulator {
  add_listener(event: string, listener: (value: number) => void): void;
  get_instruction_counter(): number;
  stop(): Promise<void>;
  run(): Promise<void>;
  destroy(): Promise<void>;
}

export interface PeerRun {
  /** Runs to the guest's `done` line; returns the instructions retired. */
  finish(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a guest of the project and stops it when its `start` line has come. */
export function startInV86(image: string, cmdline: string): Promise<PeerRun> {
  return startBytesInV86(new Uint8Array(readFileSync(join(checkoutRoot(), 'guests', image))), cmdline);
}

/** The same of a multiboot image. */
export async function startBytesInV86(image: Uint8Array<ArrayBuffer>, cmdline: string): Promise<PeerRun> {
  const root = checkoutRoot();
  const require = createRequire(join(root, 'package.json'));
  const build = dirname(require.resolve('v86'));
  const { V86 } = (await import(join(build, 'libv86.mjs'))) as { V86: new (options: Record<string, unknown>) => Emulator };
  const emulator = new V86({
    wasm_path: join(build, 'v86.wasm'),
    memory_size: 32 * MIB,
    vga_memory_size: 2 * MIB,
    cmdline,
    autostart: true,
    disable_speaker: true,
    multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.length) },
  });
  const line = (text: string): Promise<void> =>
    new Promise((resolve) => {
      let seen = '';
      emulator.add_listener('serial0-output-byte', (byte) => {
        seen += String.fromCharCode(byte);
        if (seen.endsWith(text)) resolve();
      });
    });
  const done = line('done\n');
  await line('start\n');
  await emulator.stop();
  const before = emulator.get_instruction_counter();
  return {
    async finish() {
      await emulator.run();
      await done;
      return emulator.get_instruction_counter() - before;
    },
    close: () => emulator.destroy(),
  };
}
