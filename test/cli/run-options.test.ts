import { describe, expect, it } from 'vitest';
import { NO_FILTER } from '../../src/cli/guest/trace/filter.ts';
import { resolveRunOptions, run } from '../../src/cli/commands/run.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

type RunTable = Parameters<typeof resolveRunOptions>[0];

function options(...argv: string[]) {
  const parsed = parseArguments(run.options, argv);
  if (parsed === 'help') throw new Error('asked for help');
  return resolveRunOptions(parsed.values as RunTable, parsed.positionals);
}

describe('the options of run', () => {
  it('have the documented defaults', () => {
    expect(options('image')).toEqual({
      image: 'image',
      kernel: null,
      disk: null,
      floppy: null,
      append: '',
      initrd: null,
      module: [],
      bios: null,
      optionRom: [],
      at: null,
      memory: 128 * 1024 ** 2,
      cpus: 1,
      enterAll: false,
      debugExit: null,
      record: null,
      engine: 'auto',
      tracking: 'none',
      checkpointing: false,
      clock: 10,
      checkpointTo: null,
      checkpointEvery: null,
      dirtyTrigger: 0,
      maxDirty: null,
      verify: false,
      serial: { kind: 'stdio' },
      screen: false,
      debugcon: null,
      timeout: null,
      maxInstructions: null,
      expect: [],
      failOn: [],
      keepRunning: false,
      junit: null,
      tap: null,
      symbols: null,
      trace: null,
      traceFilter: NO_FILTER,
      stats: null,
      json: false,
    });
  });

  it.each<[string[], object]>([
    [['--kernel', 'k', '--append', 'a b', '--module=m', '--module=n'], { image: null, kernel: 'k', append: 'a b', module: ['m', 'n'] }],
    [['--kernel=k', '--append='], { append: '' }],
    [['--kernel=k', '--initrd', 'rd'], { kernel: 'k', initrd: 'rd' }],
    [['i', '--memory=2G', '--cpus=4'], { memory: 2 * 1024 ** 3, cpus: 4 }],
    [['i', '--at', '0x7c00'], { at: 0x7c00 }],
    [['i', '--engine=interpreter', '--tracking=write-protect'], { engine: 'interpreter', tracking: 'write-protect' }],
    [['i', '--serial=file:out', '--debugcon=log'], { serial: { kind: 'file', path: 'out' }, debugcon: { kind: 'file', path: 'log' } }],
    [['i', '--serial=none', '--debugcon=stdio'], { debugcon: { kind: 'stdio' } }],
    [['i', '--debugcon=file:stdio'], { debugcon: { kind: 'file', path: 'stdio' } }],
    [['i', '--debug-exit=0x501'], { debugExit: 0x501 }],
    [['i', '--timeout=1.5', '--max-instructions=1000'], { timeout: 1.5, maxInstructions: 1000 }],
    [['i', '--stats', '--json', '--trace=events'], { stats: { file: null }, json: true, trace: { what: 'events', file: null } }],
  ])('%j', (argv, expected) => expect(options(...argv)).toMatchObject(expected));

  it.each<[string[], object]>([
    [[], { tracking: 'pml', checkpointEvery: { by: 'time', nanoseconds: 50e6 } }],
    [['--tracking=write-protect'], { tracking: 'write-protect' }],
    [['--checkpoint-every=512pages'], { checkpointEvery: { by: 'pages', count: 512 } }],
    [['--dirty-trigger=100'], { dirtyTrigger: 100, checkpointEvery: null }],
    [['--dirty-trigger=100', '--checkpoint-every=1s'], { dirtyTrigger: 100, checkpointEvery: { by: 'time', nanoseconds: 1e9 } }],
    [['--max-dirty=100', '--dirty-trigger=100', '--verify'], { maxDirty: 100, verify: true }],
  ])('--checkpoint-to with %j', (argv, expected) => {
    expect(options('i', '--checkpoint-to=d', ...argv)).toMatchObject({ checkpointTo: 'd', ...expected });
  });

  it.each<[string[], object]>([
    [['--checkpoint-every=5insns'], { checkpointEvery: { by: 'instructions', count: 5 } }],
    [['--dirty-trigger=7'], { dirtyTrigger: 7, checkpointEvery: null }],
    [['--max-dirty=7'], { maxDirty: 7, checkpointEvery: { by: 'time', nanoseconds: 50e6 } }],
    [['--verify'], { verify: true, checkpointEvery: { by: 'time', nanoseconds: 50e6 } }],
  ])('%j alone checkpoints in memory, with PML', (argv, expected) => {
    expect(options('i', ...argv)).toMatchObject({ checkpointTo: null, checkpointing: true, tracking: 'pml', ...expected });
  });

  it.each([
    [[], 'nothing to run: give an IMAGE, --kernel, --disk, --floppy or --bios'],
    [['a', 'b'], "one IMAGE at most, but 'b' is a second one"],
    [[''], 'IMAGE is empty'],
    [['a', '--kernel=k'], 'IMAGE and --kernel exclude each other'],
    [['--kernel=k', '--at=0'], '--at needs an IMAGE'],
    [['a', '--checkpoint-every=1s', '--tracking=none'], '--checkpoint-every needs tracking: --tracking pml or write-protect'],
    [['a', '--dirty-trigger=1', '--tracking=none'], '--dirty-trigger needs tracking: --tracking pml or write-protect'],
    [['a', '--max-dirty=1', '--tracking=none'], '--max-dirty needs tracking: --tracking pml or write-protect'],
    [['a', '--verify', '--tracking=none'], '--verify needs tracking: --tracking pml or write-protect'],
    [['a', '--checkpoint-every=9pages', '--max-dirty=8'], '--checkpoint-every 9pages is above --max-dirty 8'],
    [['a', '--checkpoint-to=d', '--tracking=none'], '--checkpoint-to needs tracking: --tracking pml or write-protect'],
    [['a', '--checkpoint-to=d', '--dirty-trigger=9', '--max-dirty=8'], '--dirty-trigger 9 is above --max-dirty 8'],
    [['a', '--debugcon=stdio'], '--debugcon stdio needs the serial port elsewhere: --serial file:PATH or none'],
    [['a', '--debugcon=file:'], "option '--debugcon': the value is empty"],
    [['a', '--memory=0M'], "option '--memory': 0M is not between 1M and 3G"],
    [['a', '--memory=4G'], "option '--memory': 4G is not between 1M and 3G"],
    [['a', '--cpus=0'], "option '--cpus': 0 is not between 1 and 30"],
    [['a', '--engine=fast'], "option '--engine': 'fast' is not one of auto, interpreter, translator"],
    [['a', '--at=0x10000000000'], "option '--at': 0x10000000000 is not between 0 and 1099511627775"],
  ])('refuses %j', (argv, message) => {
    expect(() => options(...argv)).toThrow(expect.objectContaining({ name: 'InputError', message }));
  });
});
