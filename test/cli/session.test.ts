// What of a session the command line alone cannot bring about.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { resolveRestoreOptions, restore } from '../../src/cli/commands/restore.ts';
import { runSession } from '../../src/cli/guest/run-session.ts';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { main } from '../../src/cli/main.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import type { SessionOptions } from '../../src/cli/session-options.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Wrap } from '../../src/vm/seams.ts';
import { DIRTIER, GUESTS } from '../checkpoint/support/guest.ts';
import { collectingIo } from './streams.ts';

function options(...argv: string[]): SessionOptions {
  const parsed = parseArguments(restore.options, argv);
  if (parsed === 'help') throw new Error('asked for help');
  return resolveRestoreOptions(parsed.values as Parameters<typeof resolveRestoreOptions>[0], ['unused']);
}

const image = readFileSync(join(GUESTS, DIRTIER.image));

const VERIFIED = ['--verify', '--checkpoint-every=50000insns', '--serial=none'];

async function dirtier(wrap: Wrap, ...argv: string[]) {
  const { io, stdout, stderr } = collectingIo();
  const status = await runSession(options(...argv), io, {
    build(sinks) {
      const pc = createPc({ memory: 8 * 1024 ** 2, tracking: 'pml', verify: true, wrap, ...sinks });
      loadImage('dirtier', image, bootTarget(pc.vm), { append: DIRTIER.append });
      return pc;
    },
  });
  return { status, stdout: stdout(), stderr: stderr() };
}

describe('--verify', () => {
  it('of tracking that loses a write: 70, and one line that names page and cycle', async () => {
    const { status, stderr } = await dirtier(mistaken('keepMarksAtRearm'), ...VERIFIED);
    expect(status).toBe(70);
    expect(stderr).toMatch(/^tidemark: lost write: page \d+ \(0x[0-9a-f]+\) changed in cycle \d+ and was not reported; [^\n]*$/m);
    expect(stderr).not.toMatch(/verified|internal error|\n\s+at /);
  });

  it('the same as JSON', async () => {
    const { status, stdout } = await dirtier(mistaken('keepMarksAtRearm'), ...VERIFIED, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'lost-write', status, gfn: expect.any(Number), cycle: expect.any(Number) });
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the run with status %i, its outputs whole', async (signal, expected) => {
    const { io, stdout, stderr } = collectingIo({}, new PassThrough());
    const listeners = new Map<string, (name: 'SIGINT' | 'SIGTERM') => void>();
    const withSignals = {
      ...io,
      once: (name: string, listener: (name: 'SIGINT' | 'SIGTERM') => void) => listeners.set(name, listener),
      off: (name: string) => listeners.delete(name),
    };
    const spinning = setInterval(() => {
      if (stdout() === 'spin: start\n') listeners.get(signal)?.(signal);
    }, 5);
    expect(await main(['run', join(GUESTS, 'spin/spin.elf'), '--checkpoint-every=10ms'], withSignals)).toBe(expected);
    clearInterval(spinning);
    expect(stdout()).toBe('spin: start\n');
    expect(stderr()).toMatch(new RegExp(`^tidemark: stopped by ${signal}\n {2}(cause|vCPU)`, 'm'));
    expect(listeners.size).toBe(0);
  });
});

describe('a slow reader of stdout', () => {
  it('holds the guest back and loses nothing', async () => {
    const { io } = collectingIo();
    const stdout = new PassThrough({ highWaterMark: 64 });
    let text = '';
    const reader = setInterval(() => {
      text += (stdout.read() as Buffer | null)?.toString() ?? '';
    }, 1);
    const status = await runSession(
      options('--checkpoint-every=20000insns'),
      { ...io, stdout },
      {
        build(sinks) {
          const pc = createPc({ memory: 8 * 1024 ** 2, tracking: 'pml', ...sinks });
          loadImage('dirtier', image, bootTarget(pc.vm), { append: DIRTIER.append });
          return pc;
        },
      },
    );
    clearInterval(reader);
    text += (stdout.read() as Buffer | null)?.toString() ?? '';
    expect(status).toBe(0);
    expect(text).toMatch(/^dirtier: start\n[^]*dirtier: iterations=14 writes=\d+ checksum=[0-9a-f]+\n$/);
  });
});
