// What the documents show is what happens: every program and every command in them is run (run-examples.ts).
// `npm run docs` writes what they print now.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT, projectFiles, readProjectFile } from '../style/project-files.ts';
import { fencesIn, replaceBodies } from './fences.ts';
import { HAS_BROWSER, withFreshOutputs } from './run-examples.ts';
import { describeNeeding } from '../support/skip.ts';

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

describe('programs of other kinds', () => {
  const printed = (program: string): string =>
    fencesIn(withFreshOutputs(`\`\`\`js\n${program}\n\`\`\`\n\`\`\`text\n\`\`\`\n`)).at(-1)!.body;

  it('are run by Vitest, and fail where a test does', () => {
    const test = (body: string): string => `import { expect, test } from 'vitest';\ntest('adds', () => ${body});`;
    expect(printed(test('expect(1 + 1).toBe(2)'))).toBe('passed: adds\n');
    expect(() => printed(test('expect(1 + 1).toBe(3)'))).toThrow(/an example ended with status 1/);
  });

  it('lie beside those that follow', () => {
    const file = '```js\n// seven.mjs\nexport const seven = 7;\n```\n';
    const user = "```js\nimport { seven } from './seven.mjs';\nconsole.log(seven);\n```\n```text\n```\n";
    expect(withFreshOutputs(file + user)).toBe(`${file}${user.replace('```text\n', '```text\n7\n')}`);
  });

  describeNeeding(HAS_BROWSER, 'no Chromium on this machine')('in a page', () => {
    it('are run by a browser, and fail where they throw', () => {
      expect(printed("// In a page\nconsole.log(typeof window);\ndocument.title = 'done';")).toBe('object\n');
      expect(() => printed("// In a page\nsetTimeout(() => { document.title = 'done'; });\nthrow new Error('on purpose');")).toThrow(
        'on purpose',
      );
    });
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
