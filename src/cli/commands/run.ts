// `tidemark run`: its options. What it does with them is in run-guest.ts.

import { InputError } from '../../base/errors.ts';
import { DEFAULT_NS_PER_TICK } from '../../vm/clock.ts';
import { MAX_NS_PER_TICK } from '../../vm/config.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { flag, initialValues, list, nonEmpty, type OptionValues, valued } from '../options.ts';
import { parseArguments } from '../parse-arguments.ts';
import { integer, resolveSession, SESSION_OPTIONS, type SessionOptions } from '../session-options.ts';
import { parseSize, showSize } from '../values.ts';

const MiB = 1024 ** 2;
const MIN_MEMORY = MiB;
/** The most guest RAM that fits into one linear memory beside everything else. */
const MAX_MEMORY = 3 * 1024 * MiB;
const DEFAULT_MEMORY = 128 * MiB;
const MAX_CPUS = 30;
/** MAXPHYADDR is 40. */
const MAX_GPA = 2 ** 40 - 1;
/** Four ports from there on are the device's. */
const MAX_DEBUG_EXIT = 0xfffc;

const OPTIONS = {
  kernel: valued('F', nonEmpty, 'Linux, multiboot or PVH kernel, even if its first sector could be that of a disk'),
  disk: valued('F', nonEmpty, 'fixed disk to boot, whatever else is in it'),
  floppy: valued('F', nonEmpty, 'diskette to boot; what it lacks to a standard size reads as zeros'),
  append: valued('S', String, "the kernel's command line", '', null),
  initrd: valued('F', nonEmpty, "Linux's initial RAM disk; the first module of other kernels"),
  module: list('F', 'multiboot module; may be repeated'),
  bios: valued('F', nonEmpty, 'firmware: a ROM image, mapped below 4 GiB and copied below 1 MiB; the machine starts at its reset vector'),
  optionRom: list('F', 'an expansion ROM for that firmware, from 0xC0000 on; may be repeated'),
  at: valued('GPA', integer(0, MAX_GPA), 'load IMAGE as raw bytes at this guest-physical address and start there'),
  memory: valued(
    'SIZE',
    (text) => parseSize(text, MIN_MEMORY, MAX_MEMORY),
    `guest RAM, up to ${showSize(MAX_MEMORY)}`,
    DEFAULT_MEMORY,
    showSize(DEFAULT_MEMORY),
  ),
  cpus: valued('N', integer(1, MAX_CPUS), 'number of vCPUs', 1, '1'),
  clock: valued(
    'NS',
    integer(1, MAX_NS_PER_TICK),
    'virtual nanoseconds that an instruction takes: with fewer, timers come after more instructions',
    DEFAULT_NS_PER_TICK,
    String(DEFAULT_NS_PER_TICK),
  ),
  enterAll: flag('every vCPU starts at the entry point, its index in RSI; otherwise only the first starts'),
  debugExit: valued('PORT', integer(0, MAX_DEBUG_EXIT), "a port that ends the run as 0xF4 does, for QEMU's isa-debug-exit elsewhere"),
  record: valued('F', nonEmpty, 'write what reaches the guest from outside into F, for `tidemark replay`'),
  ...SESSION_OPTIONS,
} as const;

type RunValues = OptionValues<typeof OPTIONS>;

/**
 * What `tidemark run` was asked to do: checked for sense, but no file was opened yet. At least one of `image`, `kernel`, `disk`,
 * `floppy` and `bios` is not null.
 */
export interface RunOptions extends Omit<RunValues, keyof SessionOptions>, SessionOptions {
  readonly image: string | null;
}

/** Of options of which none is given. */
export const RUN_DEFAULTS = { ...initialValues(OPTIONS), image: null };

/** Settles the defaults that depend on other options and refuses combinations without a meaning. Throws InputError. */
export function resolveRunOptions(values: RunValues, positionals: readonly string[]): RunOptions {
  const [image = null, ...extra] = positionals;
  if (extra.length > 0) throw new InputError(`one IMAGE at most, but '${extra[0]}' is a second one`);
  if (image === '') throw new InputError('IMAGE is empty');
  const sources = { IMAGE: image, '--kernel': values.kernel, '--disk': values.disk, '--floppy': values.floppy };
  const [first, second] = Object.entries(sources).flatMap(([name, value]) => (value === null ? [] : [name]));
  if (first === undefined && values.bios === null)
    throw new InputError('nothing to run: give an IMAGE, --kernel, --disk, --floppy or --bios');
  if (second !== undefined) throw new InputError(`${first} and ${second} exclude each other`);
  if (values.at !== null && image === null) throw new InputError('--at needs an IMAGE');
  requireFirmwareAlone(values, image);
  return { ...resolveSession(values), image };
}

/** What `argv`, the words after `tidemark run`, asks for. Throws InputError. */
export function runOptions(argv: readonly string[]): RunOptions {
  const parsed = parseArguments(OPTIONS, argv);
  if (parsed === 'help') throw new InputError('--help runs nothing');
  return resolveRunOptions(parsed.values, parsed.positionals);
}

/** InputError for options that mean nothing to the user's own firmware, which would not be told of them. */
function requireFirmwareAlone(values: RunValues, image: string | null): void {
  if (values.bios === null) {
    if (values.optionRom.length > 0) throw new InputError('--option-rom needs --bios');
    return;
  }
  const { kernel, disk, floppy, append, initrd, module, enterAll, at } = values;
  const others = {
    '--kernel': kernel !== null,
    '--disk': disk !== null,
    '--floppy': floppy !== null,
    '--append': append !== '',
    '--initrd': initrd !== null,
    '--module': module.length > 0,
    '--enter-all': enterAll,
  };
  const other = Object.entries(others).find(([, isGiven]) => isGiven);
  if (other) throw new InputError(`--bios and ${other[0]} exclude each other`);
  if (image !== null && at === null) throw new InputError('--bios takes an IMAGE only with --at: the machine has no disk to find');
}

export const run = defineCommand(
  {
    name: 'run',
    summary: 'run a guest',
    usage: '[IMAGE] [options]',
    description: [
      'IMAGE is recognised by its content: Linux bzImage, ELF (multiboot, PVH or plain), a disk with a boot sector (booted by a BIOS; ' +
        'the file is not changed), other multiboot 1 or 2; raw bytes with --at. --kernel, --disk and --floppy say what a file is. With ' +
        '--bios none is needed, and raw bytes are put where --at says for the firmware to find.',
      'The exit status is 0 when the guest halted with interrupts off or asked for a reset, ((v << 1) | 1) & 255 when it wrote v to ' +
        'port 0xF4, 124 at a limit, 125 for bad usage or input, 126 after a triple fault, 70 for an internal error, a lost write that ' +
        '--verify finds among them, 74 in place of 0 when what the run was to write could not be written.',
      'On a terminal Ctrl-A x quits. Files that the run writes have their names only when it has ended.',
    ],
    options: OPTIONS,
    example: 'run --kernel vmlinuz --initrd rd.img --append console=ttyS0',
  },
  async (values, positionals, io) => {
    const options = withUsageHint('run', () => resolveRunOptions(values, positionals));
    const { runGuest } = await import('./run-guest.ts');
    return runGuest(options, io);
  },
);
