// Help texts; docs/cli.md shows them as they are, so what they say is looked at there.

import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { written } from '../../src/cli/help.ts';
import { optionsOf } from '../../src/cli/help.ts';
import { cli } from './streams.ts';

const TEXTS: readonly (readonly string[])[] = [[], ...COMMANDS.map(({ name }) => [name])];

describe('help', () => {
  it.each(TEXTS)('of %j fits 80 columns', async (...argv) => {
    const { status, stdout, stderr } = await cli('help', ...argv);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(TEXTS)('of %j is the same with --help and -h', async (...argv) => {
    const { stdout } = await cli('help', ...argv);
    expect((await cli(...argv, '--help')).stdout).toBe(stdout);
    expect((await cli(...argv, '-h')).stdout).toBe(stdout);
  });

  it('lists every command in a group, with an example of most', async () => {
    const { stdout } = await cli('help');
    for (const { name, summary, example } of COMMANDS) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
      if (example !== undefined) expect(stdout).toContain(`\n  tidemark ${example}\n`);
    }
    expect(stdout).toMatch(/^Run a guest:\n {2}run /m);
  });

  it.each(COMMANDS)('of $name has every option, and its example', async (command) => {
    const { stdout } = await cli('help', command.name);
    for (const option of optionsOf(command)) expect(stdout).toContain(`\n  ${written(option)}`);
    if (command.example !== undefined) expect(stdout).toContain(`\nExample: tidemark ${command.example}\n`);
  });

  it.each([
    [
      ['rnu'],
      "unknown command 'rnu': there are run, qemu, test, restore, replay, inspect, demo, bench, help, completion; did you mean 'run'? See",
    ],
    [['run', 'restore'], "one COMMAND at most, but 'restore' is a second one; see"],
    [['run', '--man'], "--man is of all commands, but 'run' is one; see"],
  ])('of %j: 125', async (argv, text) => {
    expect(await cli('help', ...argv)).toEqual({ status: 125, stdout: '', stderr: `tidemark: ${text} 'tidemark help --help'\n` });
  });
});
