// Where a run stopped, on stderr and in --json.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { elfWithSymbols } from '../debug/elf-with-symbols.ts';
import { cli } from './streams.ts';

const root = mkdtempSync(join(tmpdir(), 'tidemark-stopped-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A 32-bit kernel of these bytes at 1 MiB, with the symbols start and, 4 bytes on, work. */
function kernel(name: string, ...bytes: number[]): string {
  const path = join(root, name);
  const spec = { width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes }] } as const;
  writeFileSync(
    path,
    elfWithSymbols(spec, [
      { name: 'start', value: 0x100000n },
      { name: 'work', value: 0x100004n },
    ]),
  );
  return path;
}

describe('a run that stops', () => {
  it.each([
    ['SSE', [0xeb, 2, 0x90, 0x90, 0x0f, 0x28, 0xc1], 126, 'cause: SSE is not offered by this CPU model: docs/not-implemented.md'],
    ['a Linux program', [0xeb, 2, 0x90, 0x90, 0xcd, 0x80], 126, 'cause: INT 80h has no handler: this may be a Linux program, not a kernel'],
    ['a jump to itself', [0xeb, 2, 0x90, 0x90, 0xeb, 0xfe], 124, 'cause: it jumps to itself with interrupts off: nothing ends that'],
  ])('by %s says so, and where', async (name, bytes, expected, cause) => {
    const { status, stderr } = await cli('run', kernel(name, ...bytes), '--max-instructions=50', '--serial=none');
    expect(status).toBe(expected);
    expect(stderr.split('\n')).toContain(`  ${cause}`);
    expect(stderr).toMatch(/^ {2}vCPU 0 at [0-9a-f]{4}:00100004 work: 32-bit, ring 0, interrupts off/m);
    expect(stderr).toMatch(/^ {4}(00100000 start|00100004 work) -> 00100004 work( {2}16 times)?$/m);
  });

  it('says the same in --json', async () => {
    const { stdout } = await cli('run', kernel('json', 0xeb, 2, 0x90, 0x90, 0x0f, 0x28, 0xc1), '--serial=none', '--json');
    expect(JSON.parse(stdout).stopped).toMatchObject({
      vcpu: 0,
      rip: '0x100004',
      symbol: 'work',
      branches: [{ kind: 'branch', from: { symbol: 'start' }, to: { rip: '0x100004', symbol: 'work' } }],
      faults: [{ name: '#UD', delivering: null, symbol: 'work', instruction: 'movaps xmm0, xmm1' }, { delivering: '#UD' }, {}, {}],
    });
  });

  it('knows the same of its end whether it was stepped there or run again', async () => {
    const stopped = async (...argv: string[]): Promise<unknown> => {
      const run = ['run', 'guests/kernel32/kernel32.elf', '--append=hz=1000', '--max-instructions=90000', '--serial=none', '--json'];
      return JSON.parse((await cli(...run, ...argv)).stdout).stopped;
    };
    const stepped = await stopped();
    expect((stepped as { branches: unknown[] }).branches).toHaveLength(16);
    // A run with checkpoints has cycles, whose limits are their own: it is run again.
    expect(await stopped('--checkpoint-every=50000insns')).toEqual(stepped);
  });
});
