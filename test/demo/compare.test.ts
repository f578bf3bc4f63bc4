import { describe, expect, it } from 'vitest';
import { mistaken } from '../../src/cli/demo/mistakes/mistakes.ts';
import { LostWriteError } from '../../src/mt/shadow.ts';
import { compareMethods, explainDifference } from '../../src/cli/demo/compare.ts';
import type { ComparedCycle } from '../../src/cli/demo/compare.ts';
import { compareEnd, compareLines, pageRanges } from '../../src/cli/demo/compare-text.ts';
import { buildMachine, runUntilItWrites } from '../../src/cli/demo/machine.ts';
import type { DirtierOptions } from '../../src/cli/demo/options.ts';
import { guestPageTables } from '../../src/cli/demo/page-tables.ts';
import { demo, testIo } from './support.ts';

const MiB = 1024 ** 2;
const WORK: DirtierOptions = {
  pattern: 'mixed',
  pages: 64,
  iterations: 56,
  rate: 64,
  seed: 3,
  memory: 8 * MiB,
  engine: 'auto',
  json: false,
};
const never = new AbortController().signal;

describe('the difference between the methods', () => {
  const tables = new Set([1, 2]);
  const explain = (pml: number[], writeProtect: number[]) => explainDifference(pml, writeProtect, (gfn) => tables.has(gfn));

  it.each([
    [[7, 8], [8, 7], { pageTables: [], unexplained: [] }],
    [[2, 7, 1], [7], { pageTables: [1, 2], unexplained: [] }],
    [[7, 9, 1], [7], { pageTables: [1], unexplained: [9] }],
    [[7], [7, 8], { pageTables: [], unexplained: [8] }],
    // A page table that only write-protect reported was written by a store, and PML lost it.
    [[7], [7, 1], { pageTables: [], unexplained: [1] }],
  ])('pml %j, write-protect %j: %j', (pml, writeProtect, difference) => expect(explain(pml, writeProtect)).toEqual(difference));

  it.each([
    [[], ''],
    [[5], '0x5'],
    [[16, 17, 18, 20], '0x10-0x12, 0x14'],
    [[1, 3, 4], '0x1, 0x3-0x4'],
  ])('%j is written %j', (gfns, text) => expect(pageRanges(gfns)).toBe(text));
});

describe("the guest's page tables", () => {
  it('are found from CR3: those of the dirtier lie where it says', async () => {
    const vm = buildMachine(WORK, {});
    await runUntilItWrites(vm, never);
    const tables = [...guestPageTables(vm)];
    expect(tables[0]).toBe(0x510);
    // guests/dirtier/dirtier.h: between its TABLES and its REGION.
    expect(tables.every((gfn) => gfn >= 0x510 && gfn < 0x600)).toBe(true);
    expect(new Set(tables).size).toBe(tables.length);
    expect(tables.length).toBeGreaterThan(10);
  });
});

describe('one guest under both methods', () => {
  it('holds: only page tables are reported by PML alone, and machines are equal, the untracked one included', async () => {
    const cycles: ComparedCycle[] = [];
    const end = await compareMethods(WORK, never, (cycle) => cycles.push(cycle));
    expect(end).toMatchObject({ holds: true, interrupted: false, exit: { kind: 'hlt' }, cycles });
    expect(end.outcomes.map(({ tracking }) => tracking)).toEqual(['pml', 'write-protect', 'none']);
    expect(new Set(end.outcomes.map(({ hash }) => hash)).size).toBe(1);
    expect(new Set(end.outcomes.map(({ retired }) => retired)).size).toBe(1);
    expect(cycles.length).toBeGreaterThan(5);
    // PML takes no violations and, in the end, reports more than what was stored to.
    for (const { pml, writeProtect } of cycles) {
      expect([pml.eptViolations, writeProtect.eptViolations]).toEqual([0, writeProtect.gfns.length]);
    }
    expect(cycles.some(({ pageTables }) => pageTables.length > 0)).toBe(true);
    expect(compareEnd(end).at(-1)).toMatch(
      /^holds: memory [0-9a-f]{16} and [\d,]+ retired instructions with pml, with write-protect and untracked$/,
    );
  });

  it('fails when a page is reported that nobody wrote', async () => {
    const end = await compareMethods({ ...WORK, iterations: 8 }, never, () => {}, { wrap: mistaken('reportNeighbour') });
    expect(end.holds).toBe(false);
    const lines = end.cycles.flatMap(compareLines);
    expect(lines.some((line) => /^FAILURE: cycle 1: reported by one method only, and no page table: 0x/.test(line))).toBe(true);
    expect(compareEnd(end).at(-1)).toMatch(/^FAILED: /);
  });

  it('fails when a report is lost', async () => {
    await expect(compareMethods(WORK, never, () => {}, { wrap: mistaken('lostWrite') })).rejects.toThrow(LostWriteError);
  });

  it('prints it', async () => {
    const { io, stdout, stderr } = testIo();
    expect(await demo(io, 'compare', '--memory=8M', '--pages=64', '--iterations=8')).toBe(0);
    expect(stdout()).toMatch(/^dirtier: start\ndirtier: 1-8 sequential /);
    expect(stderr()).toMatch(/^ +1 +40000 +\d+ +\d+ +\d+ +\d+ {2}\d+: 0x510/m);
    expect(stderr()).toMatch(/unexplained\nholds: [^]*\n$/);
    for (const line of stderr().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('--json: a line for each cycle and one for the end', async () => {
    const { io, stdout, stderr } = testIo();
    expect(await demo(io, 'compare', '--memory=8M', '--pages=64', '--iterations=8', '--json')).toBe(0);
    expect(stderr()).toBe('');
    const lines = stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ cycle: 1, retired: 40000, unexplained: [], equal: true });
    expect(lines.at(-1)).toMatchObject({ end: 'guest', exit: 'hlt', holds: true });
  });

  it('stops at a signal: status 130', async () => {
    const { io, stderr, watch, signal } = testIo();
    watch((text) => {
      if (/^ +2 /m.test(text)) signal('SIGINT');
    });
    expect(await demo(io, 'compare', '--memory=8M', '--pages=64')).toBe(130);
    expect(stderr()).toMatch(/cycles \(interrupted\), [^]*\nholds: /);
  });
});
