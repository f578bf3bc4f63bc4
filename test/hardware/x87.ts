// The recorded vectors of x87 instructions, by both engines: registers, status and tags, memory, flags, faults.

import { describe, expect, it } from 'vitest';
import { X87_MNEMONICS } from '../isa/mnemonics.ts';
import { Translator } from '../../src/cpu/translator/translator.ts';
import { emptyReport, runVectors } from './run-file.ts';
import type { Setting } from './machine.ts';
import { interpreter, makeRunner } from './runner.ts';
import type { MakeEngine } from './runner.ts';
import { isTaken, vectorLines } from './vector-files.ts';
import type { VectorMode } from './vector.ts';
import { X87_DIFFERENCES } from './x87-differences.ts';

const translator: MakeEngine = (parts) => new Translator({ ...parts, threshold: 0 });
const ENGINES: readonly (readonly [string, MakeEngine, number])[] = [
  ['the interpreter', interpreter, 1],
  ['the translator', translator, 4],
];
/** Vectors of a mode are divided among the settings. */
const SETTINGS: readonly (readonly [VectorMode, readonly Setting[]])[] = [
  ['64', ['64-bit']],
  ['32', ['compatibility', 'PAE', 'two-level']],
  ['16', ['compatibility', 'PAE']],
  ['16w', ['compatibility', 'two-level']],
];

/** Defines the tests, over one vector of `share`. */
export function describeX87(share: number): void {
  const reports = new Map(ENGINES.map(([name]) => [name, emptyReport()]));

  describe.each(ENGINES)('x87 instructions by %s', (name, makeEngine, step) => {
    const report = reports.get(name)!;

    it.each(SETTINGS)('do in %s-bit code what the processor did', (mode, settings) => {
      const lines = vectorLines(mode, 'x87').filter((_, at) => isTaken(at, step * share));
      settings.forEach((setting, n) => {
        runVectors(
          lines.filter((_, at) => at % settings.length === n),
          makeRunner(setting, mode, makeEngine),
          report,
        );
      });
      expect(report.failures.slice(0, 10), `${report.failures.length} vectors fail`).toEqual([]);
    });
  });

  // Some are met by few.
  if (share > 1) return;
  describe('coverage', () => {
    const report = reports.get('the interpreter')!;
    const { byMnemonic, excused } = report;

    it.each(X87_MNEMONICS)('%s has at least 40 vectors', (mnemonic) => {
      expect(byMnemonic.get(mnemonic) ?? 0).toBeGreaterThanOrEqual(40);
    });

    it('meets every vendor difference', () => {
      expect(X87_DIFFERENCES.filter(({ name }) => !excused.has(name)).map(({ name }) => name)).toEqual([]);
    });

    it('hardly ever excuses all of a vector', () => {
      const wholly = X87_DIFFERENCES.filter(({ excuses }) => excuses === 'everything');
      expect(wholly.reduce((sum, { name }) => sum + (excused.get(name) ?? 0), 0)).toBeLessThan(0.01 * report.run);
    });
  });
}
