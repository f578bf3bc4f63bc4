// `tidemark run`: its options. What it does with them is in run-guest.ts.

import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { choice, choiceOrNull, flag, list, nonEmpty, type OptionValues, report, valued } from '../options.ts';
import { type Interval, parseInteger, parseInterval, parseSeconds, parseSerial, parseSize, parseTrace, showSize } from '../values.ts';

const MiB = 1024 ** 2;
const MIN_MEMORY = MiB;
/** The most guest RAM that fits into one linear memory beside everything else. */
const MAX_MEMORY = 3 * 1024 * MiB;
const DEFAULT_MEMORY = 128 * MiB;
const MAX_CPUS = 32;
const MAX_PAGES = 2 ** 32 - 1;
/** MAXPHYADDR is 40. */
const MAX_GPA = 2 ** 40 - 1;
/** How often to checkpoint when nothing else says when. */
const DEFAULT_INTERVAL = '50ms';

const integer = (min: number, max: number) => (text: string): number => parseInteger(text, min, max);

const OPTIONS = {
  kernel: valued('F', nonEmpty, 'Linux, multiboot or PVH kernel'),
  append: valued('S', String, 'the kernel\'s command line', '', null),
  module: list('F', 'multiboot module; may be repeated'),
  at: valued('GPA', integer(0, MAX_GPA), 'load IMAGE as raw bytes at this guest-physical address and start there'),
  memory: valued('SIZE', (text) => parseSize(text, MIN_MEMORY, MAX_MEMORY), `guest RAM, up to ${showSize(MAX_MEMORY)}`,
    DEFAULT_MEMORY, showSize(DEFAULT_MEMORY)),
  cpus: valued('N', integer(1, MAX_CPUS), 'number of vCPUs', 1, '1'),
  engine: choice(['auto', 'interpreter'], 'auto', 'what executes guest code'),
  tracking: choiceOrNull(['none', 'write-protect', 'pml'], 'how the machine notices writes', 'none; pml with --checkpoint-to'),
  checkpointTo: valued('DIR', nonEmpty, 'write incremental checkpoints into DIR while the guest runs'),
  checkpointEvery: valued('INTERVAL', parseInterval,
    'time, instructions or dirty pages between checkpoints: 50ms, 1000000insns, 512pages '
      + `(default: ${DEFAULT_INTERVAL}, or by --dirty-trigger alone)`),
  dirtyTrigger: valued('N', integer(0, MAX_PAGES), 'also end a cycle when N pages are dirty; 0 for never', 0, '0'),
  maxDirty: valued('N', integer(1, MAX_PAGES), 'most dirty pages a cycle may have (default: the machine\'s pages)'),
  verify: flag('after every cycle compare all memory and fail if a write went unreported'),
  serial: valued('stdio|file:PATH|none', parseSerial, 'where the first serial port leads', { kind: 'stdio' }, 'stdio'),
  debugcon: valued('F', nonEmpty, 'write what the guest sends to port 0xE9 into F'),
  timeout: valued('SECONDS', parseSeconds, 'stop with status 124 after so much wall-clock time'),
  maxInstructions: valued('N', integer(1, Number.MAX_SAFE_INTEGER), 'stop with status 124 after N retired instructions'),
  trace: valued('events|instructions[=FILE]', parseTrace, 'one line for each, on stderr or into FILE'),
  stats: report('FILE', 'counters at the end, on stderr or into FILE'),
  json: flag('the outcome, and --stats, in machine-readable form'),
} as const;

type RunValues = OptionValues<typeof OPTIONS>;

/** What `tidemark run` was asked to do; checked for sense, files not opened yet. Exactly one of `image` and `kernel` is not null. */
export interface RunOptions extends Omit<RunValues, 'tracking'> {
  readonly image: string | null;
  readonly tracking: NonNullable<RunValues['tracking']>;
  /** Null without checkpoints, or if --dirty-trigger alone ends cycles. */
  readonly checkpointEvery: Interval | null;
}

/** Settles the defaults that depend on other options and refuses combinations without a meaning. Throws InputError. */
export function resolveRunOptions(values: RunValues, positionals: readonly string[]): RunOptions {
  const [image = null, ...extra] = positionals;
  if (extra.length > 0) throw new InputError(`one IMAGE at most, but '${extra[0]}' is a second one`);
  if (image === '') throw new InputError('IMAGE is empty');
  if (image === null && values.kernel === null) throw new InputError('nothing to run: give an IMAGE or --kernel');
  if (image !== null && values.kernel !== null) throw new InputError('IMAGE and --kernel exclude each other');
  if (values.at !== null && image === null) throw new InputError('--at needs an IMAGE');
  return { ...values, image, ...resolveCheckpointing(values) };
}

function resolveCheckpointing(values: RunValues): Pick<RunOptions, 'tracking' | 'checkpointEvery'> {
  const { checkpointTo, checkpointEvery, dirtyTrigger, maxDirty, verify, tracking } = values;
  if (checkpointTo === null) {
    const needy: [string, boolean][] = [
      ['--checkpoint-every', checkpointEvery !== null], ['--dirty-trigger', dirtyTrigger > 0], ['--max-dirty', maxDirty !== null],
      ['--verify', verify],
    ];
    const found = needy.find(([, given]) => given);
    if (found) throw new InputError(`${found[0]} needs --checkpoint-to DIR`);
    return { tracking: tracking ?? 'none', checkpointEvery: null };
  }
  if (tracking === 'none') throw new InputError('--checkpoint-to needs tracking: --tracking pml or write-protect');
  if (maxDirty !== null && dirtyTrigger > maxDirty) {
    throw new InputError(`--dirty-trigger ${dirtyTrigger} is above --max-dirty ${maxDirty}`);
  }
  const every = checkpointEvery ?? (dirtyTrigger > 0 ? null : parseInterval(DEFAULT_INTERVAL));
  return { tracking: tracking ?? 'pml', checkpointEvery: every };
}

export const run = defineCommand({
  name: 'run',
  summary: 'run a guest',
  usage: '[IMAGE] [options]',
  description: [
    'IMAGE is recognised by its content: ELF (multiboot, PVH or plain), bzImage or boot sector; raw bytes with --at.',
    'The exit status is 0 when the guest powered off or halted with interrupts off, ((v << 1) | 1) & 255 when it wrote v to port 0xF4, '
      + '124 at a limit, 125 for bad usage or input, 126 after a triple fault, 70 for an internal error.',
  ],
  options: OPTIONS,
}, async (values, positionals, io) => {
  const options = withUsageHint('run', () => resolveRunOptions(values, positionals));
  const { runGuest } = await import('./run-guest.ts');
  return runGuest(options, io);
});
