// Recorded vectors by the translator: the instruction under test runs as WebAssembly wherever it can be translated, and
// counters prove that it did.

import { describe, expect, it } from 'vitest';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { surveyOf } from '../../src/cpu/survey.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import { Translator } from '../../src/cpu/translator/translator.ts';
import type { Setting } from './machine.ts';
import { emptyReport, runVectors } from './run-file.ts';
import { makeRunner } from './runner.ts';
import type { Outcome, VectorRunner } from './runner.ts';
import { vectorLines } from './vector-files.ts';
import { decodeVector } from './vector.ts';
import type { Vector, VectorMode } from './vector.ts';

/** Retired instructions that translated code, and the interpreter, executed. */
interface Share {
  translated: number;
  interpreted: number;
}

const SETTINGS: readonly (readonly [VectorMode, Setting])[] = [
  ['64', '64-bit'],
  ['32', 'compatibility'],
  ['32', 'PAE'],
  ['32', 'two-level'],
  ['16', 'compatibility'],
  ['16', 'two-level'],
  ['16w', 'compatibility'],
  ['16w', 'PAE'],
];
const LEAST_SHARE = 0.95;

/** What asks for a system helper, an exception, or a flag operation that only the interpreter has: translated code calls for it. */
// biome-ignore format: a table
const INTERPRETED: readonly Mnemonic[] = [
  'ARPL', 'CLAC', 'CLI', 'CLTS', 'CMPXCHG8B', 'HLT', 'IN', 'INS', 'INTO', 'INVD', 'INVLPG', 'INVPCID', 'LAHF', 'LGDT', 'LIDT', 'LLDT',
  'LMSW', 'LTR', 'MOV_FROM_CR', 'MOV_FROM_DR', 'MOV_FROM_SREG', 'MOV_TO_CR', 'MOV_TO_DR', 'OUT', 'OUTS', 'POPF', 'PUSHF', 'PUSH_SREG',
  'RDFSBASE', 'RDGSBASE', 'RDMSR', 'SAHF', 'STAC', 'STI', 'SWAPGS', 'UD', 'WBINVD', 'WRMSR',
];

/** A near branch of 16 bits cuts EIP, which in 32-bit code only the interpreter does. */
const isInherentlyInterpreted = (insn: Insn): boolean => {
  const { interpreted, control } = surveyOf(insn);
  return interpreted || (control !== 'next' && insn.stackSize === 2 && insn.mode !== CodeMode.BITS16);
};

class Counts {
  readonly shares = new Map<Mnemonic, Share>();
  readonly interpreted = new Set<Mnemonic>();

  /** A runner that counts which engine retired the instructions that vectors without a fault are about. */
  runner(setting: Setting, mode: VectorMode): VectorRunner {
    let translator: Translator | null = null;
    const runner = makeRunner(setting, mode, (parts) => {
      translator = new Translator({ ...parts, threshold: 0 });
      return translator;
    });
    const run = (vector: Vector): Outcome => {
      const { retired } = translator!;
      const before = { ...retired };
      const outcome = runner.run(vector);
      if (outcome.fault !== null) return outcome;
      this.note(decodeVector(vector), retired.translated - before.translated, retired.interpreted - before.interpreted);
      return outcome;
    };
    return { setting, run };
  }

  private note(insn: Insn, translated: number, interpreted: number): void {
    if (surveyOf(insn).interpreted) this.interpreted.add(insn.mnemonic);
    if (isInherentlyInterpreted(insn)) return;
    const share = this.shares.get(insn.mnemonic) ?? { translated: 0, interpreted: 0 };
    share.translated += translated;
    share.interpreted += interpreted;
    this.shares.set(insn.mnemonic, share);
  }

  get sum(): Share {
    const sum = { translated: 0, interpreted: 0 };
    for (const { translated, interpreted } of this.shares.values()) {
      sum.translated += translated;
      sum.interpreted += interpreted;
    }
    return sum;
  }
}

const shareOf = ({ translated, interpreted }: Share): number => translated / (translated + interpreted);

/** Defines the tests, over every `step`th vector. */
export function describeTranslated(step: number): void {
  const counts = new Counts();

  describe.each(SETTINGS)('%s-bit code, %s', (mode, setting) => {
    it('does what the processor did', () => {
      const settings = SETTINGS.filter(([of]) => of === mode).map(([, name]) => name);
      const lines = vectorLines(mode).filter((_, at) => at % (settings.length * step) === settings.indexOf(setting));
      const report = emptyReport();
      runVectors(lines, counts.runner(setting, mode), report);
      expect(report.failures.slice(0, 10), `${report.failures.length} of ${lines.length} vectors fail`).toEqual([]);
      expect(report.run).toBe(lines.length);
    });
  });

  describe('what ran translated', () => {
    it('is everything but what asks for the interpreter', () => {
      const unlisted = [...counts.interpreted].filter((mnemonic) => !INTERPRETED.includes(mnemonic));
      expect(unlisted).toEqual([]);
      for (const mnemonic of INTERPRETED) expect(counts.shares.has(mnemonic), mnemonic).toBe(false);
    });

    it('is at least 95 % of what can be translated', () => {
      const low = [...counts.shares].filter(([, share]) => shareOf(share) < LEAST_SHARE);
      const text = low.map(([name, share]) => `${name} ${(100 * shareOf(share)).toFixed(1)} %`).join(', ');
      expect(shareOf(counts.sum), text).toBeGreaterThanOrEqual(LEAST_SHARE);
    });

    it('is at least 80 % of every instruction', () => {
      // Rare forms are left to the interpreter: a quotient by -1, a 128-bit dividend, an operand that crosses a page.
      const low = [...counts.shares].filter(([, share]) => shareOf(share) < 0.8 && share.translated + share.interpreted >= 50);
      expect(low).toEqual([]);
    });
  });
}
