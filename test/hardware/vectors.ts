// Recorded vectors by the interpreter, in every setting that their code size has.

import { describe, expect, it } from 'vitest';
import { MNEMONICS, X87_MNEMONICS } from '../isa/mnemonics.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import type { Setting } from './machine.ts';
import { emptyReport, runVectors } from './run-file.ts';
import type { Report } from './run-file.ts';
import { makeRunner } from './runner.ts';
import { isTaken, vectorLines } from './vector-files.ts';
import { VECTOR_MODES } from './vector.ts';
import type { VectorMode } from './vector.ts';
import { VENDOR_DIFFERENCES } from './vendor-differences.ts';

/** Vectors of 32-bit code are divided among the settings, so that each is run once. */
const SETTINGS: Record<VectorMode, readonly Setting[]> = {
  64: ['64-bit'],
  32: ['compatibility', 'PAE', 'two-level'],
  16: ['compatibility', 'PAE'],
  '16w': ['compatibility', 'two-level'],
};

/** Vectors of each instruction that are recorded. */
const LEAST = 50;

/** What user mode cannot execute, or what says more about the system it was recorded under than about the processor. */
const ELSEWHERE: ReadonlySet<Mnemonic> = new Set([
  'JMP_FAR',
  'JMP_FAR_MEM',
  'CALL_FAR',
  'CALL_FAR_MEM',
  'RET_FAR',
  'RET_FAR_IMM',
  'IRET',
  'INT',
  'INT3',
  'INT1',
  'SYSCALL',
  'SYSRET',
  'SYSENTER',
  'SYSEXIT',
  'POP_SREG',
  'MOV_TO_SREG',
  'LOAD_FAR_POINTER',
  'SMSW',
  'SGDT',
  'SIDT',
  'SLDT',
  'STR',
  'LAR',
  'LSL',
  ...X87_MNEMONICS,
  'VERR',
  'VERW',
  'RDTSC',
  'RDTSCP',
  'RDPMC',
  'CPUID',
  'WRFSBASE',
  'WRGSBASE',
  'TOO_LONG',
]);

/** Defines the tests, over one vector of `step`. */
export function describeVectors(step: number): void {
  const reports: Record<VectorMode, Report> = { 64: emptyReport(), 32: emptyReport(), 16: emptyReport(), '16w': emptyReport() };

  describe.each(VECTOR_MODES)('integer instructions in %s-bit code', (mode) => {
    it('do what the processor did', () => {
      const lines = vectorLines(mode).filter((_, at) => isTaken(at, step));
      const settings = SETTINGS[mode];
      settings.forEach((setting, n) => {
        const share = lines.filter((_, at) => at % settings.length === n);
        runVectors(share, makeRunner(setting, mode), reports[mode]);
      });
      const { failures } = reports[mode];
      expect(failures.slice(0, 10), `${failures.length} of ${lines.length} vectors fail`).toEqual([]);
      expect(reports[mode].run).toBe(lines.length);
    });

    it('are hardly ever excused', () => {
      const { excused, run } = reports[mode];
      const sum = [...excused.values()].reduce((a, b) => a + b, 0);
      expect(sum / run, JSON.stringify([...excused])).toBeLessThan(0.03);
    });
  });

  describe('coverage', () => {
    it.each(MNEMONICS.filter((mnemonic) => !ELSEWHERE.has(mnemonic)))('%s has many vectors', (mnemonic) => {
      const counts = VECTOR_MODES.map((mode) => reports[mode].byMnemonic.get(mnemonic) ?? 0);
      expect(counts.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(step === 1 ? LEAST : Math.floor(LEAST / step / 2));
    });

    // Some are met by few.
    if (step > 1) return;
    it('meets every vendor difference', () => {
      const met = (name: string): boolean => VECTOR_MODES.some((mode) => reports[mode].excused.has(name));
      expect(VENDOR_DIFFERENCES.filter(({ name }) => !met(name)).map(({ name }) => name)).toEqual([]);
    });
  });
}
