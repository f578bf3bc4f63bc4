// The recorded loads of segment registers, far transfers, LAR, LSL, VERR and VERW, by both engines, in every setting of 64-bit, 32-bit
// and 16-bit code: registers, selectors, bases of FS and GS, memory, flags, faults with their error codes.

import { describe, expect, it } from 'vitest';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import { Translator } from '../../src/cpu/translator/translator.ts';
import type { Setting } from './machine.ts';
import { emptyReport, runVectors } from './run-file.ts';
import { interpreter, makeRunner } from './runner.ts';
import type { MakeEngine } from './runner.ts';
import { isTaken, vectorLines } from './vector-files.ts';

const translator: MakeEngine = (parts) => new Translator({ ...parts, threshold: 0 });
const ENGINES: readonly (readonly [string, MakeEngine, number])[] = [
  ['the interpreter', interpreter, 1],
  ['the translator', translator, 5],
];
const LEGACY: readonly Setting[] = ['compatibility', 'PAE', 'two-level'];
const SETTINGS = { 64: ['64-bit'], 32: LEGACY, 16: LEGACY } as const;
const MNEMONICS: readonly Mnemonic[] = [
  'MOV_TO_SREG',
  'POP_SREG',
  'LOAD_FAR_POINTER',
  'LAR',
  'LSL',
  'VERR',
  'VERW',
  'JMP_FAR',
  'CALL_FAR',
  'JMP_FAR_MEM',
  'CALL_FAR_MEM',
  'RET_FAR',
  'RET_FAR_IMM',
  'IRET',
];

/** Defines the tests, over one vector of `share`. */
export function describeSegments(share: number): void {
  const report = emptyReport();

  describe.each(ENGINES)('segments by %s', (_name, makeEngine, step) => {
    it.each(['64', '32', '16'] as const)('do in %s-bit code what the processor did', (mode) => {
      const lines = vectorLines(mode, 'segments').filter((_, at) => isTaken(at, step * share));
      const settings = SETTINGS[mode];
      for (const [n, setting] of settings.entries()) {
        runVectors(
          lines.filter((_, at) => at % settings.length === n),
          makeRunner(setting, mode, makeEngine),
          report,
        );
      }
      expect(report.failures.slice(0, 10), `${report.failures.length} vectors fail`).toEqual([]);
    });
  });

  // Some are met by few.
  if (share > 1) return;
  describe('coverage', () => {
    it.each(MNEMONICS)('%s has at least 100 vectors', (mnemonic) => {
      expect(report.byMnemonic.get(mnemonic) ?? 0).toBeGreaterThanOrEqual(100);
    });

    it('null selectors are loaded into FS and GS where they have a base', () => {
      const nullLoads = vectorLines('64', 'segments').filter((line) => / [fg]b=0( |$)/.test(line));
      expect(nullLoads.length).toBeGreaterThanOrEqual(100);
    });

    it('excuses far CALL alone', () => {
      expect([...report.excused.keys()]).toEqual(['far CALL whose target is beyond the limit']);
    });
  });
}
