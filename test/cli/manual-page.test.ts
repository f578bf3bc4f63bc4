// The manual page as the programs that show such pages see it. That man/tidemark.1 is this page is test/docs' to check.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { optionsOf, written } from '../../src/cli/help.ts';
import { ExitStatus } from '../../src/cli/exit-status.ts';
import { itNeeding } from '../support/skip.ts';
import { cli } from './streams.ts';

const page = async (): Promise<string> => (await cli('help', '--man')).stdout;
const shown = (input: string, command: string, ...args: string[]) => spawnSync(command, args, { input, encoding: 'utf8' });
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('the manual page', () => {
  it('has every exit status', async () => {
    const statuses = [...(await page()).matchAll(/^\.B ([\d, ]+)$/gm)].flatMap((match) => match[1]!.split(', ').map(Number));
    expect(statuses).toEqual(expect.arrayContaining(Object.values(ExitStatus)));
  });

  itNeeding(has('mandoc'), 'mandoc is not installed')(
    'has nothing that mandoc complains of, but that a page made of tables has no date',
    async () => {
      const { stdout } = shown(await page(), 'mandoc', '-T', 'lint');
      expect(stdout.trim().split('\n')).toEqual([expect.stringContaining('missing date')]);
    },
  );

  itNeeding(has('groff'), 'groff is not installed')('has nothing that groff complains of, and every command and option', async () => {
    const { stdout, stderr } = shown(await page(), 'groff', '-man', '-Tutf8', '-ww', '-rLL=200n', '-P-bcou');
    expect(stderr).toBe('');
    for (const command of COMMANDS) {
      expect(stdout).toContain(`TIDEMARK ${command.name.toUpperCase()}\n`);
      for (const option of optionsOf(command)) expect(stdout).toContain(`       ${written(option)}`);
    }
  });
});
