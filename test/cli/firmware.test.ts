// --bios of `tidemark run`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MARK, ownRom } from '../firmware/rom.ts';
import { cli } from './streams.ts';

const directory = mkdtempSync(join(tmpdir(), 'tidemark-bios-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(directory, name), bytes);
  return join(directory, name);
};
const rom = file('rom', ownRom());
const odd = file('odd', new Uint8Array(1000));
const log = join(directory, 'log');

describe('--bios', () => {
  it('starts the firmware', async () => {
    expect(await cli('run', '--bios', rom, '--debugcon', log)).toEqual({ status: 3, stdout: '', stderr: '' });
    expect([...readFileSync(log)]).toEqual([MARK.value, MARK.value, MARK.written]);
  });

  it('can be checkpointed and restored', async () => {
    const to = join(directory, 'checkpoints');
    expect((await cli('run', '--bios', rom, '--checkpoint-to', to, '--checkpoint-every=2insns', '--verify')).status).toBe(3);
    expect(await cli('restore', to, '--cycle=2', '--debugcon', log)).toEqual({ status: 3, stdout: '', stderr: '' });
    expect([...readFileSync(log)]).toEqual([MARK.value, MARK.written]);
  });

  it('finds an IMAGE in memory', async () => {
    // Over the byte that the low copy says after it has been written: the code there, and a HLT.
    const halt = file('halt', Uint8Array.of(0xf4));
    expect((await cli('run', halt, '--at=0xf0040', '--bios', rom)).status).toBe(0);
  });

  it.each<[string, string[], RegExp]>([
    ['an image of another size', ['--bios', odd], /odd: firmware of 1000 bytes; an image is a multiple of 64 KiB, up to 16 MiB/],
    ['no file', ['--bios', join(directory, 'none')], /none/],
    ['a kernel', ['--bios', rom, '--kernel=x'], /--bios and --kernel exclude each other/],
    ['--append', ['--bios', rom, '--append=x'], /--bios and --append exclude each other/],
    ['an IMAGE without a place', ['--bios', rom, rom], /--bios takes an IMAGE only with --at/],
    ['an expansion ROM that is none', ['--bios', rom, '--option-rom', odd], /odd: an expansion ROM begins with the bytes 55 AA/],
    ['an expansion ROM alone', ['--option-rom', odd, rom], /--option-rom needs --bios/],
    ['nothing at all', [], /nothing to run: give an IMAGE, --kernel, --disk, --floppy or --bios/],
  ])('with %s: 125, and one line', async (_name, argv, message) => {
    const { status, stdout, stderr } = await cli('run', ...argv);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n').length).toBe(1);
  });
});
