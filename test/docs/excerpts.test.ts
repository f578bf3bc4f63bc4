// Excerpts in the documents are what the code says: a block of ts that begins with a path, then lines of that file in order.

import { describe, expect, it } from 'vitest';
import { projectFiles, readProjectFile } from '../style/project-files.ts';
import { fencesIn } from './fences.ts';
import type { Fence } from './fences.ts';

const PATH = /^\/\/ (\S+\.\w+)\n/;

/** Lines of an excerpt that do not follow in the file, compared without indentation. */
function missing(excerpt: string): string[] {
  const path = PATH.exec(excerpt)![1]!;
  const lines = readProjectFile(path)
    .split('\n')
    .map((line) => line.trim());
  let at = 0;
  return excerpt
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => {
      if (line === '') return false;
      const found = lines.findIndex((candidate, n) => n >= at && candidate.includes(line));
      if (found >= 0) at = found + 1;
      return found < 0;
    });
}

const isExcerpt = ({ language, body }: Fence): boolean => language === 'ts' && PATH.test(body);
const excerpts = projectFiles()
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) =>
    fencesIn(readProjectFile(path))
      .filter(isExcerpt)
      .map(({ body }) => [path, body] as const),
  );

describe('excerpts', () => {
  it('are there', () => expect(excerpts.length).toBeGreaterThan(5));
  it.each(excerpts)('of %s are lines of the file: %s', (_, body) => expect(missing(body)).toEqual([]));
  it('that are not are found', () => expect(missing('// package.json\n"name": "tidemark",\n"no such line"\n')).toEqual(['"no such line"']));
});
