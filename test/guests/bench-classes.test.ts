// The benchmark's classes of work, once each: one checksum, whatever the width, the machine, and what is beneath.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CLASSES } from '../../bench/classes/catalog.ts';
import { Watch } from '../../bench/classes/marks.ts';
import { nativeFailure } from '../../bench/classes/native.ts';
import { loadBytes } from '../../bench/support/guest.ts';
import { itNeeding } from '../support/skip.ts';
import { MIX_START, hex, mix } from './arithmetic.ts';
import { GUESTS } from './catalog.ts';

const WIDTHS = [32, 64] as const;
const MEMORY = 64 * 1024 ** 2;
const LIMIT = 200e6;
const pathOf = (name: string): string => fileURLToPath(new URL(`bench/${name}`, GUESTS));
const expected = readFileSync(pathOf('expected-output.txt'), 'utf8');

function runBare(image: string, append: string): { readonly serial: string; readonly exit: string } {
  let serial = '';
  const sink = (byte: number): void => void (serial += String.fromCharCode(byte));
  const vm = loadBytes(image, new Uint8Array(readFileSync(pathOf(image))), { memory: MEMORY, serial: sink }, append);
  return { exit: vm.runSlice(LIMIT).exit.kind, serial };
}

describe.each(WIDTHS)('%s-bit classes of work', (bits) => {
  it('give the expected checksums as a kernel', () => {
    expect(runBare(`bench-${bits}.elf`, '')).toEqual({ exit: 'hlt', serial: expected });
  });

  itNeeding(nativeFailure(bits) === null, nativeFailure(bits) ?? '')('give the same as a program of this host', () => {
    const { stdout } = spawnSync(pathOf(`bench-linux-${bits}.elf`), [], { encoding: 'utf8' });
    expect(stdout.replace(/ \d+ us$/gm, '')).toBe(expected);
  });

  it('run by name, as often as the command line says', () => {
    const { serial } = runBare(`bench-${bits}.elf`, 'fib=2 syscall=3');
    // Of the second repetition's 20, and the first's 21: Fibonacci's numbers.
    expect(serial).toBe(`bench: start\nfib: start\nfib: ${hex(10946 * 3 + 6765)}\nsyscall: start\nsyscall: ${hex(3)}\nbench: done\n`);
  });
});

describe('the classes of work', () => {
  it('are those of the catalog, in its order', () => {
    const watch = new Watch(() => ({ all: 0, main: null }));
    watch.add(expected);
    expect(watch.outcome.marks.map(({ name }) => name)).toEqual(CLASSES.map(({ name }) => name));
    expect(watch).toMatchObject({ done: true, other: '' });
  });

  it('sieve has the hash of the primes below 2^18', () => {
    const composite = new Uint8Array(1 << 18);
    let hash = MIX_START;
    for (let n = 2; n < composite.length; n++) {
      if (composite[n]) continue;
      hash = mix(hash, n);
      for (let multiple = 2 * n; multiple < composite.length; multiple += n) composite[multiple] = 1;
    }
    expect(expected).toContain(`sieve: ${hex(hash)}\n`);
  });
});
