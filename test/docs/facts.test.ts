// Tables that documents write out against the data they are about.

import { describe, expect, it } from 'vitest';
import { MtRequest, requestSize } from '../../src/mt/abi.ts';
import { readProjectFile } from '../style/project-files.ts';

/** Cells of the table rows of `path` whose first cell matches `first`. */
function rowsOf(path: string, first: RegExp): string[][] {
  const rows = readProjectFile(path).split('\n').filter((line) => line.startsWith('| '));
  return rows.map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim())).filter(([head]) => first.test(head!));
}

describe('docs/memory-tracking.md', () => {
  it('gives the number and the struct\'s size of every request', () => {
    const documented = rowsOf('docs/memory-tracking.md', /^KVM_/).map(([name, number, bytes]) => [name, Number(number), Number(bytes)]);
    expect(documented).toEqual(Object.entries(MtRequest).map(([name, number]) => [name, number, requestSize(number)]));
  });
});

describe('docs/api.md', () => {
  it('lists every kind of exit', () => {
    const kinds = [...readProjectFile('src/vm/exit.ts').matchAll(/readonly kind: ([^;}]+?)(?:;| })/g)].flatMap((match) => match[1]!.split(' | '));
    expect(kinds.length).toBeGreaterThan(8);
    const documented = rowsOf('docs/api.md', /^`[a-z-]+`(, `[a-z-]+`)*$/).flatMap(([cell]) => cell!.split(', '));
    for (const kind of kinds) expect(documented).toContain(kind.replaceAll('\'', '`'));
  });
});
