// What the documents show is what happens: every program and every command in them is run (run-examples.ts).
// `npm run docs` writes what they print now.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT, projectFiles, readProjectFile } from '../style/project-files.ts';
import { fencesIn, replaceBodies } from './fences.ts';
import { withFreshOutputs } from './run-examples.ts';

const documents = projectFiles().filter((path) => path.endsWith('.md'));

describe('examples', () => {
  // Builds dist/, which the examples import, if it is stale.
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'bin/tidemark'), '--version']);
  });

  it.each(documents)('of %s print what is shown', async (path) => {
    await expect(withFreshOutputs(readProjectFile(path))).toMatchFileSnapshot(join(ROOT, path));
  });
});

describe('fences', () => {
  const markdown = '# T\n```js\na\nb\n```\n\n```text\nold\n```\n```\n```\n';

  it('are found with their language and body', () => {
    expect(fencesIn(markdown).map(({ language, body }) => [language, body])).toEqual([
      ['js', 'a\nb\n'],
      ['text', 'old\n'],
      ['', ''],
    ]);
  });

  it('are replaced in place', () => {
    const [program, output] = fencesIn(markdown);
    const replaced = replaceBodies(
      markdown,
      new Map([
        [program!, 'A\n'],
        [output!, 'a longer\nnew\n'],
      ]),
    );
    expect(replaced).toBe('# T\n```js\nA\n```\n\n```text\na longer\nnew\n```\n```\n```\n');
  });

  it('of a program without its output are an error', () => {
    expect(() => withFreshOutputs('```js\n1;\n```\n')).toThrow('no block of text follows');
  });

  it('of a program that fails are an error', () => {
    expect(() => withFreshOutputs("```js\nthrow new Error('on purpose');\n```\n```text\n```\n")).toThrow('on purpose');
  });
});
