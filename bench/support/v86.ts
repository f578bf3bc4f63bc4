// The npm package v86, a 32-bit PC in the browser, as a peer: the same multiboot images in it.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkoutRoot } from './guest.ts';

const MIB = 1024 ** 2;

/** What is used of the package's emulator. */
export interface Emulator {
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

/** A file as the package takes it. */
export const file = (bytes: Uint8Array<ArrayBuffer>): { readonly buffer: ArrayBuffer } => ({
  buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
});

/** The folder of the package's build; throws where it is not installed. */
const buildFolder = (): string => dirname(createRequire(join(checkoutRoot(), 'package.json')).resolve('v86'));

/** Starts a machine without screen, keyboard and sound; `options` as in the package's v86.d.ts. */
export async function startV86(options: Readonly<Record<string, unknown>>): Promise<Emulator> {
  const build = buildFolder();
  const { V86 } = (await import(join(build, 'libv86.mjs'))) as { V86: new (options: Record<string, unknown>) => Emulator };
  const wasm = join(build, 'v86.wasm');
  return new V86({ wasm_path: wasm, vga_memory_size: 2 * MIB, autostart: true, disable_speaker: true, ...options });
}

/** Starts a guest of the project and stops it when its `start` line has come. */
export function startInV86(image: string, cmdline: string): Promise<PeerRun> {
  return startBytesInV86(new Uint8Array(readFileSync(join(checkoutRoot(), 'guests', image))), cmdline);
}

/** The same of a multiboot image. */
export async function startBytesInV86(image: Uint8Array<ArrayBuffer>, cmdline: string): Promise<PeerRun> {
  const emulator = await startV86({ memory_size: 32 * MIB, cmdline, multiboot: file(image) });
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

/** The package's version, or null where it is not installed. */
export function v86Version(): string | null {
  try {
    return (JSON.parse(readFileSync(join(buildFolder(), '../package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}
