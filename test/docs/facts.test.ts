// Tables that documents write out against the data they are about.

import { describe, expect, it } from 'vitest';
import { ExitStatus } from '../../src/cli/exit-status.ts';
import { DirtyLogRequest } from '../../src/dirty-log/abi.ts';
import { MtRequest } from '../../src/mt/abi.ts';
import { requestSize } from '../../src/base/ioctl.ts';
import { VmRequest } from '../../src/vm/ioctl.ts';
import { cli } from '../cli/streams.ts';
import { readProjectFile } from '../style/project-files.ts';

/** Cells of the table rows of `path` whose first cell matches `first`. */
function rowsOf(path: string, first: RegExp): string[][] {
  const rows = readProjectFile(path)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    .filter(([head]) => first.test(head!));
}

describe('docs/memory-tracking.md', () => {
  it("gives the number and the struct's size of every request", () => {
    const documented = rowsOf('docs/memory-tracking.md', /^KVM_/).map(([name, number, bytes]) => [name, Number(number), Number(bytes)]);
    expect(documented).toEqual(Object.entries(MtRequest).map(([name, number]) => [name, number, requestSize(number)]));
  });
});

describe('docs/dirty-log.md', () => {
  it("gives the number and the struct's size of every request", () => {
    const documented = rowsOf('docs/dirty-log.md', /^KVM_/).map(([name, number, bytes]) => [name, Number(number), Number(bytes)]);
    const declared = Object.entries({ ...DirtyLogRequest, ...VmRequest }).map(([name, number]) => [name, number, requestSize(number)]);
    expect(documented.sort()).toEqual(declared.sort());
  });
});

describe('docs/api.md', () => {
  it('lists every kind of exit', () => {
    const declared = readProjectFile('src/vm/exit.ts').matchAll(/readonly kind: ([^;}]+?)(?:;| })/g);
    const kinds = [...declared].flatMap((match) => match[1]!.split(' | '));
    expect(kinds.length).toBeGreaterThan(8);
    const documented = rowsOf('docs/api.md', /^`[a-z-]+`(, `[a-z-]+`)*$/).flatMap(([cell]) => cell!.split(', '));
    for (const kind of kinds) expect(documented).toContain(kind.replaceAll("'", '`'));
  });
});

describe('docs/cli.md', () => {
  it('shows the help of every command, so that every option is there', async () => {
    const help = (await cli('--help')).stdout;
    const commands = [...help.matchAll(/^ {2}(\w+) {2,}\S/gm)].map((match) => match[1]!);
    expect(commands.length).toBeGreaterThan(2);
    const page = readProjectFile('docs/cli.md');
    for (const command of commands) {
      const { stdout } = await cli(command, '--help');
      expect(page).toContain(`$ bin/tidemark ${command} --help\n${stdout}\`\`\`\n`);
    }
  });

  it('gives every exit status a meaning', () => {
    const documented = rowsOf('docs/cli.md', /^\d+(, \d+)*$/).flatMap(([cell]) => cell!.split(', ').map(Number));
    expect(documented).toEqual(expect.arrayContaining(Object.values(ExitStatus)));
  });
});
