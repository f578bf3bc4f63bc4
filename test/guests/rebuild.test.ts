// The committed images are what their sources give. Only the recorded toolchain gives the same bytes; with another, that part
// is skipped and the rest still holds.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../support/skip.ts';
import { BENCH_IMAGES, CATALOG, GUESTS } from './catalog.ts';

const folder = fileURLToPath(GUESTS);
const images = [...CATALOG.map((guest) => guest.image), ...BENCH_IMAGES];

/** First line of `tool --version`, or null where there is no such tool. */
function version(tool: string): string | null {
  try {
    return execFileSync(tool, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return null;
  }
}

const recorded = readFileSync(join(folder, 'toolchain.txt'), 'utf8').trim().split('\n');
const sameToolchain = ['gcc', 'as', 'ld'].every((tool, n) => version(tool) === recorded[n]) && version('make') !== null;

describeNeeding(sameToolchain, 'another toolchain, or none')(`guests rebuilt by ${recorded.join(', ')}`, () => {
  let scratch = '';
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'tidemark-guests-'));
    execFileSync('make', ['-s', '-C', folder, `O=${join(scratch, 'out')}`, `B=${join(scratch, 'objects')}`], { stdio: 'pipe' });
  }, 120_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it.each(images)('%s is byte for byte the committed image', (image) => {
    const built = readFileSync(join(scratch, 'out', image));
    expect(built.equals(readFileSync(join(folder, image)))).toBe(true);
  });
});

describeNeeding(version('objdump') !== null, 'no objdump')('what objdump shows', () => {
  // An ELF32 around 64-bit code would be disassembled as 32-bit code; its ELF64 twin holds the same bytes.
  // Disks have no headers that tell code from data, and code of all widths.
  const twins = ['kernel64/kernel64.elf', 'bench/bench-64.elf'];
  const readable = images.filter((image) => !twins.includes(image) && image.endsWith('.elf'));
  const linesOf = (image: string): string[] =>
    execFileSync('objdump', ['-d', '--no-show-raw-insn', join(folder, image)], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');

  it.each(readable)('%s uses no vector registers', (image) => {
    expect(linesOf(image).filter((line) => /%[xyz]?mm\d/.test(line))).toEqual([]);
  });

  it.each(readable.filter((image) => !BENCH_IMAGES.includes(image)))('%s uses no x87 registers', (image) => {
    expect(linesOf(image).filter((line) => /%st\b|\tf(?:ld|st|add|sub|mul|div|n?init|n?save|xsave)/.test(line))).toEqual([]);
  });
});

describe('the committed images', () => {
  it.each(images)('%s is smaller than 64 KiB', (image) => {
    expect(statSync(join(folder, image)).size).toBeLessThan(65536);
  });

  it.each(CATALOG.flatMap((guest) => guest.runs.map((run) => run.expected)))('%s ends with a line', (expected) => {
    expect(readFileSync(join(folder, expected), 'utf8')).toMatch(/\S\n$/);
  });
});
