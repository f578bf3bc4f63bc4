// Results as TAP, version 13, whatever the guest wrote them in.

import type { TestCase } from './test-case.ts';

const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
/** A number sign would begin a directive. */
const described = (text: string): string => oneLine(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');

function lines({ name, result, message, detail }: TestCase, index: number): string[] {
  const head = `${result === 'failed' ? 'not ok' : 'ok'} ${index + 1} - ${described(name)}`;
  if (result === 'skipped') return [`${head} # SKIP ${oneLine(message)}`.trimEnd()];
  const said = result === 'failed' ? (detail === '' ? message : detail) : '';
  return [head, ...said.split('\n').flatMap((line) => (line === '' ? [] : [`# ${line}`]))];
}

/** The whole text, with its last newline. */
export const tapText = (cases: readonly TestCase[]): string =>
  ['TAP version 13', `1..${cases.length}`, ...cases.flatMap(lines), ''].join('\n');
