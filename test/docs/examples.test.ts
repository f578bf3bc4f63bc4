// What the documents show is what happens: every program and every command in them is run (run-examples.ts).
// `npm run docs` writes what they print now.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, projectFiles, readProjectFile } from '../style/project-files.ts';
import { fencesIn, replaceBodies } from './fences.ts';
import { HAS_BROWSER, withFreshOutputs } from './run-examples.ts';
import { ProgramHost, wordsOf } from './run-programs.ts';
import { describeNeeding } from '../support/skip.ts';

const documents = projectFiles().filter((path) => path.endsWith('.md'));

const host = new ProgramHost();
afterAll(() => host.stop());

describe('examples', () => {
  // Builds dist/, which the examples import, if it is stale.
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'bin/tidemark'), '--version']);
  });

  it.each(documents)('of %s print what is shown', async (path) => {
    await expect(await withFreshOutputs(host, readProjectFile(path))).toMatchFileSnapshot(join(ROOT, path));
  });
});

describe('programs of other kinds', () => {
  const printed = async (program: string): Promise<string> =>
    fencesIn(await withFreshOutputs(host, `\`\`\`js\n${program}\n\`\`\`\n\`\`\`text\n\`\`\`\n`)).at(-1)!.body;

  it('are run by Vitest, and fail where a test does', async () => {
    const test = (body: string): string => `import { expect, test } from 'vitest';\ntest('adds', () => ${body});`;
    expect(await printed(test('expect(1 + 1).toBe(2)'))).toBe('passed: adds\n');
    await expect(printed(test('expect(1 + 1).toBe(3)'))).rejects.toThrow(/an example ended with status 1/);
  });

  it('lie beside those that follow', async () => {
    const file = '```js\n// seven.mjs\nexport const seven = 7;\n```\n';
    const user = "```js\nimport { seven } from './seven.mjs';\nconsole.log(seven);\n```\n```text\n```\n";
    expect(await withFreshOutputs(host, file + user)).toBe(`${file}${user.replace('```text\n', '```text\n7\n')}`);
  });

  it('run until nothing is left for them to do', async () => {
    expect(await printed("setTimeout(() => { process.stdout.write('late\\n'); }, 20);\nconsole.log('early');")).toBe('early\nlate\n');
    await expect(printed('await new Promise(() => {});')).rejects.toThrow(/an example ended with status 13/);
    await expect(printed('setTimeout(() => process.exit(3), 1);')).rejects.toThrow(/an example ended with status 3/);
    await expect(printed('process.exitCode = 4;')).rejects.toThrow(/an example ended with status 4/);
    expect(await printed("console.log('again');")).toBe('again\n');
  });

  describeNeeding(HAS_BROWSER, 'no Chromium on this machine')('in a page', () => {
    it('are run by a browser, and fail where they throw', async () => {
      expect(await printed("// In a page\nconsole.log(typeof window);\ndocument.title = 'done';")).toBe('object\n');
      await expect(
        printed("// In a page\nsetTimeout(() => { document.title = 'done'; });\nthrow new Error('on purpose');"),
      ).rejects.toThrow('on purpose');
    });
  });
});

it('a command is made of words, or is one for a shell', () => {
  expect(wordsOf("bin/tidemark run a.elf --append 'x=1 y' --json")).toEqual([
    'bin/tidemark',
    'run',
    'a.elf',
    '--append',
    'x=1 y',
    '--json',
  ]);
  expect(wordsOf("bin/tidemark run a.elf --expect '^a|$'")).toEqual(['bin/tidemark', 'run', 'a.elf', '--expect', '^a|$']);
  for (const command of ['bin/tidemark run a.elf | cat', 'bin/tidemark run "a.elf"', 'bin/tidemark run $A', "bin/tidemark run 'a"]) {
    expect(wordsOf(command), command).toBe(null);
  }
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

  it('of a program without its output are an error', async () => {
    await expect(withFreshOutputs(host, '```js\n1;\n```\n')).rejects.toThrow('no block of text follows');
  });

  it('of a program that fails are an error', async () => {
    await expect(withFreshOutputs(host, "```js\nthrow new Error('on purpose');\n```\n```text\n```\n")).rejects.toThrow('on purpose');
  });
});
