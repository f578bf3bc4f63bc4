import { describe, expect, it } from 'vitest';
import { InternalError, InputError, KvmError } from '../../src/base/errors.ts';
import { main } from '../../src/cli/main.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { collectingIo } from './streams.ts';

async function cli(...argv: string[]) {
  const { io, stdout, stderr } = collectingIo();
  return { status: await main(argv, io), stdout: stdout(), stderr: stderr() };
}

describe('exit statuses and where text goes', () => {
  it.each([[['--help']], [['help']], [['-h']], [['run', '--help']], [['run', '-h', 'image']], [['--version']]])(
    '%j: 0, on stdout',
    async (argv) => {
      const { status, stdout, stderr } = await cli(...argv);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^(Usage: tidemark |tidemark \d)/);
    },
  );

  it.each([
    [[], "tidemark: no command given; see 'tidemark --help'\n"],
    [['fly'], "tidemark: unknown command 'fly'; see 'tidemark --help'\n"],
    [['--fast'], "tidemark: unknown option '--fast'; see 'tidemark --help'\n"],
    [['run'], "tidemark: nothing to run: give an IMAGE, --kernel, --disk, --floppy or --bios; see 'tidemark run --help'\n"],
    [
      ['bench', 'nonsense'],
      "tidemark: no benchmark is called 'nonsense': there are changing-code, classes, guests, mt, segments; see 'tidemark bench --help'\n",
    ],
    [['run', '--fast', 'i'], "tidemark: unknown option '--fast'; see 'tidemark run --help'\n"],
    [['run', 'i', '--memory=0G'], "tidemark: option '--memory': 0G is not between 1M and 3G; see 'tidemark run --help'\n"],
    [['run', 'i', '--cpus', 'two\nlines'], "tidemark: option '--cpus': 'two lines' is not a whole number; see 'tidemark run --help'\n"],
  ])('%j: 125, one line on stderr', async (argv, line) => {
    expect(await cli(...argv)).toEqual({ status: 125, stdout: '', stderr: line });
  });
});

describe('reportError', () => {
  const report = (error: unknown, env = {}) => {
    const { io, stderr } = collectingIo(env);
    return { status: reportError(error, io), stderr: stderr() };
  };
  const missing = Object.assign(new Error('raw text'), { code: 'ENOENT', syscall: 'open', path: 'a/b' });
  const odd = Object.assign(new Error('raw text'), { code: 'EWEIRD', syscall: 'fsync' });

  it.each<[unknown, string]>([
    [new InputError("kernel 'k': truncated at offset 12"), "tidemark: kernel 'k': truncated at offset 12\n"],
    [new KvmError('ENOMEM', 'no room'), 'tidemark: ENOMEM: no room\n'],
    [missing, "tidemark: 'a/b': no such file or directory\n"],
    [odd, 'tidemark: fsync failed with EWEIRD\n'],
  ])('what the user can mend is one line and 125: %s', (error, stderr) => expect(report(error)).toEqual({ status: 125, stderr }));

  it.each<[unknown, string]>([
    [new InternalError('invariant broken: x'), 'InternalError: invariant broken: x'],
    [new TypeError('y is undefined'), 'TypeError: y is undefined'],
    ['text', 'text'],
  ])('anything else is 70 and says what to report, without a stack: %s', (error, text) => {
    const { status, stderr } = report(error);
    expect(status).toBe(70);
    expect(stderr).toContain(`internal error: ${text}\n`);
    expect(stderr).toMatch(/Please report the command line/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('shows the stack if TIDEMARK_DEBUG asks for it', () => {
    expect(report(new TypeError('y'), { TIDEMARK_DEBUG: '1' }).stderr).toMatch(/\n\s+at /);
  });
});
