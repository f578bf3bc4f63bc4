// The format of kvm-unit-tests' unittests.cfg (its docs/unittests.txt): sections of parameters, as scripts/common.bash reads them.

import { InputError } from '../../base/errors.ts';

export interface CfgSection {
  readonly name: string;
  /** The line of its name, from 1. */
  readonly line: number;
  readonly parameters: ReadonlyMap<string, CfgValue>;
}

export interface CfgValue {
  readonly text: string;
  readonly line: number;
}

const SECTION = /^\[(.*)\]$/;
const PARAMETER = /^([A-Za-z_]\w*) *= *(.*)$/;
const QUOTES = '"""';

/** InputError, with file and line, for what is none of the format's lines. */
export function parseCfg(path: string, text: string): CfgSection[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const sections: { name: string; line: number; parameters: Map<string, CfgValue> }[] = [];
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n]!.trim();
    const fail = (why: string): InputError => new InputError(`${path}:${n + 1}: ${why}`);
    if (line === '' || line.startsWith('#')) continue;
    const name = SECTION.exec(line)?.[1];
    if (name !== undefined) {
      if (name.trim() === '') throw fail('a test without a name');
      sections.push({ name, line: n + 1, parameters: new Map() });
      continue;
    }
    const [, key, value] = PARAMETER.exec(line) ?? [];
    if (key === undefined || value === undefined) throw fail('neither a [name], nor a parameter = value, nor a comment');
    const section = sections.at(-1);
    if (!section) throw fail(`the parameter ${key} stands before any [name]`);
    const at = n + 1;
    if (!value.startsWith(QUOTES)) {
      section.parameters.set(key, { text: value, line: at });
      continue;
    }
    const end = lines.findIndex((candidate, index) => index > n && candidate.includes(QUOTES));
    if (end < 0) throw fail(`${QUOTES} is not closed`);
    const inside = [value.slice(QUOTES.length), ...lines.slice(n + 1, end), lines[end]!.slice(0, lines[end]!.indexOf(QUOTES))];
    section.parameters.set(key, { text: inside.join('\n').replaceAll('\\\n', ' ').trim(), line: at });
    n = end;
  }
  return sections;
}
