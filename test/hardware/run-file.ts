// Runs all vectors of a file in one setting and sorts the results.

import { compare } from './compare.ts';
import type { VectorRunner } from './runner.ts';
import { decodeVector, parseVector } from './vector.ts';
import { missingInstruction, vendorDifference } from './vendor-differences.ts';

export interface Report {
  run: number;
  passed: number;
  /** By name of the vendor difference that excuses them. */
  readonly excused: Map<string, number>;
  /** Vectors by mnemonic. */
  readonly byMnemonic: Map<string, number>;
  readonly failures: { readonly mnemonic: string; readonly line: string; readonly differences: readonly string[] }[];
}

export const emptyReport = (): Report => ({ run: 0, passed: 0, excused: new Map(), byMnemonic: new Map(), failures: [] });

const increment = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);

export function runVectors(lines: Iterable<string>, runner: VectorRunner, report: Report): void {
  for (const line of lines) {
    const vector = parseVector(line);
    const insn = decodeVector(vector);
    report.run++;
    increment(report.byMnemonic, insn.mnemonic);
    const excuse = vendorDifference(insn, vector) ?? missingInstruction(insn, vector);
    if (excuse) {
      increment(report.excused, excuse.name);
      if (excuse.excuses === 'everything') continue;
    }
    const differences = compare(insn, vector, runner.run(vector), excuse);
    if (differences.length === 0) report.passed++;
    else report.failures.push({ mnemonic: insn.mnemonic, line, differences });
  }
}
