// The completion scripts, each asked through its own shell.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { INJECTIONS } from '../../src/cli/demo/inject.ts';
import { optionsOf } from '../../src/cli/help.ts';
import { describeNeeding } from '../support/skip.ts';
import { bashOffers, fishOffers, isInstalled, zshOffers } from './completing-shells.ts';
import { cli } from './streams.ts';

const NAMES = COMMANDS.map(({ name }) => name);
/** With a space in a name, which must not make two of it. */
const FILES = ['image one', 'image2'];

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-complete-'));
  for (const name of FILES) writeFileSync(join(root, name), '');
  mkdirSync(join(root, 'imagedir'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** By line, what must be offered for its end, and nothing else. */
const EXACT: readonly (readonly [string, readonly string[]])[] = [
  ['tidemark re', ['replay', 'restore']],
  ['tidemark run --eng', ['--engine']],
  ['tidemark run --engine ', ['auto', 'interpreter', 'translator']],
  ['tidemark run x --engine tr', ['translator']],
  ['tidemark replay --tracking ', ['none', 'pml', 'write-protect']],
  ['tidemark demo sie', ['sieve', 'sieve-32', 'sieve-64']],
  ['tidemark demo comp', ['compare']],
  ['tidemark demo --inject ', INJECTIONS],
  ['tidemark qemu -ker', ['-kernel']],
  ['tidemark qemu -display ', ['curses', 'none']],
  ['tidemark help re', ['replay', 'restore']],
  ['tidemark completion ', ['bash', 'fish', 'zsh']],
];

const ALL = 'tidemark ';
const GLUED = 'tidemark run --engine=tr';
const NUMBER = 'tidemark run --timeout ';
const begun = (line: string): string => `${line} ${root}/image`;
const FOR_FILES = ['tidemark run --kernel', 'tidemark run', 'tidemark qemu -kernel'];
const FOR_DIRECTORY = 'tidemark restore --checkpoint-to';

describe.each([
  ['bash', bashOffers],
  ['zsh', zshOffers],
  ['fish', fishOffers],
] as const)('%s', (shell, offers) => {
  describeNeeding(isInstalled(shell), `${shell} is not installed`)('completes', () => {
    let found = new Map<string, string[]>();
    const offered = (line: string): string[] => [...new Set(found.get(line)!)].sort();
    const names = (line: string): string[] => offered(begun(line)).map((path) => basename(path.replaceAll('\\', '')));
    beforeAll(async () => {
      const script = (await cli('completion', shell)).stdout;
      const lines = [...EXACT.map(([line]) => line), ALL, GLUED, NUMBER, ...[...FOR_FILES, FOR_DIRECTORY].map(begun)];
      found = offers(script, lines);
    });

    it('commands', () => expect(offered(ALL)).toEqual(expect.arrayContaining(NAMES)));

    it.each(EXACT)('%s', (line, expected) => expect(offered(line)).toEqual([...expected].sort()));

    it('a value after an equals sign', () => {
      expect(offered(GLUED).map((word) => word.replace('--engine=', ''))).toEqual(['translator']);
    });

    it('a number with nothing', () => expect(offered(NUMBER)).toEqual([]));

    it.each(FOR_FILES)('%s FILE', (line) => expect(names(line)).toEqual(expect.arrayContaining(FILES)));

    it(`${FOR_DIRECTORY} DIR`, () => expect(names(FOR_DIRECTORY)).toEqual(['imagedir']));
  });
});

describeNeeding(isInstalled('bash'), 'bash is not installed')('bash, asked for every command', () => {
  it.each(COMMANDS)('$name: its options, and what each may be', async (command) => {
    const script = (await cli('completion', 'bash')).stdout;
    const options = optionsOf(command);
    const dash = `tidemark ${command.name} -`;
    const choices = options.filter(
      ({ metavar, valueOptional, completes }) => metavar !== null && !valueOptional && completes.words.length > 0,
    );
    const lines = new Map(choices.map(({ name, completes }) => [`tidemark ${command.name} ${name} `, completes.words]));
    const found = bashOffers(script, [dash, ...lines.keys()]);
    expect(found.get(dash)).toEqual(expect.arrayContaining(options.map(({ name }) => name)));
    for (const [line, words] of lines) expect(found.get(line)).toEqual(expect.arrayContaining([...words]));
  });
});

describe('tidemark completion', () => {
  it.each([
    [[], 'no shell given: there are bash, zsh, fish; see'],
    [['bahs'], "'bahs' is not one of bash, zsh, fish; did you mean 'bash'? See"],
    [['bash', 'zsh'], "one shell at most, but 'zsh' is a second one; see"],
  ])('%j: 125', async (argv, text) => {
    const line = `tidemark: ${text} 'tidemark completion --help'\n`;
    expect(await cli('completion', ...argv)).toEqual({ status: 125, stdout: '', stderr: line });
  });
});
