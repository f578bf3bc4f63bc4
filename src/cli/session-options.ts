// The options that `run`, `restore` and `replay` have in common: how a session runs, whatever its guest.

import { InputError } from '../base/errors.ts';
import { ENGINES } from '../vm/config.ts';
import { expected, forbidden } from './console/pattern.ts';
import { added, choice, choiceOrNull, flag, nonEmpty, type OptionValues, parsedList, report, valued } from './options.ts';
import { addFilters, NO_FILTER } from './guest/trace/filter.ts';
import { type Interval, parseDebugcon, parseInteger, parseInterval, parseSeconds, parseSerial, parseTrace } from './values.ts';

const MAX_PAGES = 2 ** 32 - 1;
/** How often to checkpoint when nothing else says when. */
const DEFAULT_INTERVAL = '50ms';

export const integer =
  (min: number, max: number) =>
  (text: string): number =>
    parseInteger(text, min, max);

export const SESSION_OPTIONS = {
  engine: choice(ENGINES, 'auto', 'what executes guest code; auto translates what is hot'),
  tracking: choiceOrNull(['none', 'write-protect', 'pml'], 'how the machine notices writes', 'none; pml with checkpoints'),
  checkpointTo: valued('DIR', nonEmpty, 'write incremental checkpoints into DIR while the guest runs'),
  checkpointEvery: valued(
    'INTERVAL',
    parseInterval,
    'time, instructions or dirty pages between checkpoints: 50ms, 1000000insns, 512pages; without --checkpoint-to they are kept in ' +
      `memory (default: ${DEFAULT_INTERVAL}, or by --dirty-trigger alone)`,
  ),
  dirtyTrigger: valued('N', integer(0, MAX_PAGES), 'also end a cycle when N pages are dirty; 0 for never', 0, '0'),
  maxDirty: valued('N', integer(1, MAX_PAGES), "most dirty pages a cycle may have (default: the machine's pages)"),
  verify: flag('after every cycle compare all memory and fail if a write went unreported; at the end rebuild every cycle'),
  serial: valued('stdio|file:PATH|none', parseSerial, 'where the first serial port leads', { kind: 'stdio' }, 'stdio'),
  screen: flag("show the PC's text screen on stderr, live if it is a terminal; what is typed goes to the PC keyboard"),
  debugcon: valued('F|stdio', parseDebugcon, 'where what the guest sends to port 0xE9 goes: into F, or to stdout'),
  timeout: valued('SECONDS', parseSeconds, 'stop with status 124 after so much wall-clock time'),
  maxInstructions: valued('N', integer(1, Number.MAX_SAFE_INTEGER), 'stop with status 124 after N retired instructions'),
  expect: parsedList(
    'REGEX',
    expected,
    'end with status 0 when the guest has printed this, on its serial port, its debug console or by the BIOS; may be repeated: one after ' +
      'the other; status 2 if the guest ends before',
  ),
  failOn: parsedList(
    'REGEX|panic',
    forbidden,
    'end with status 4 when the guest prints this; may be repeated; panic: what the kernels of Linux and others print that give up',
  ),
  keepRunning: flag('with --expect: let the guest run to its end, whose status counts, when all has been seen'),
  junit: valued('F', nonEmpty, 'write the results of tests that the guest prints (`ok NAME`, `not ok NAME`: TAP) into F as JUnit XML'),
  tap: report('F', 'the same as TAP, into F, or on stdout, or on stderr if the serial port has stdout'),
  symbols: valued('F', nonEmpty, "where names of the guest's code come from: an ELF file, or a System.map (default: the ELF image)"),
  trace: valued(
    'LIST[=FILE]',
    parseTrace,
    'one line for each, on stderr or into FILE: a comma list of instructions, exceptions, interrupts, io, mmio, or events for all events',
  ),
  traceFilter: added(
    'LIST',
    NO_FILTER,
    addFilters,
    'show only that of the trace: a comma list of addresses (0x1000, 0x1000..0x1fff, 0x1000+0x100), functions, vcpu=N, count=N; may be ' +
      'repeated',
  ),
  stats: report('FILE', 'counters at the end, on stderr or into FILE'),
  json: flag('the outcome, and --stats, in machine-readable form: one line on stdout, or on stderr if the serial port has stdout'),
} as const;

export type SessionValues = OptionValues<typeof SESSION_OPTIONS>;

/** The values after `resolveSession`. */
export interface SessionOptions extends Omit<SessionValues, 'tracking'> {
  readonly tracking: NonNullable<SessionValues['tracking']>;
  /** Whether checkpoints are taken at all; in memory if `checkpointTo` is null. */
  readonly checkpointing: boolean;
  /** Null without checkpoints, or if --dirty-trigger alone ends cycles. */
  readonly checkpointEvery: Interval | null;
}

/** Settles the defaults that depend on other options and refuses combinations without a meaning. Throws InputError. */
export function resolveSession<V extends SessionValues>(values: V): Omit<V, 'tracking' | 'checkpointEvery'> & SessionOptions {
  const { checkpointTo, checkpointEvery, dirtyTrigger, maxDirty, verify, tracking } = values;
  if (values.debugcon?.kind === 'stdio' && values.serial.kind === 'stdio') {
    throw new InputError('--debugcon stdio needs the serial port elsewhere: --serial file:PATH or none');
  }
  if (values.traceFilter !== NO_FILTER && values.trace === null) throw new InputError('--trace-filter needs --trace');
  if (values.keepRunning && values.expect.length === 0) throw new InputError('--keep-running needs --expect');
  if (values.json && values.tap !== null && values.tap.file === null) throw new InputError('--json and --tap need a file for one: --tap=F');
  const asking: readonly [string, boolean][] = [
    ['--checkpoint-to', checkpointTo !== null],
    ['--checkpoint-every', checkpointEvery !== null],
    ['--dirty-trigger', dirtyTrigger > 0],
    ['--max-dirty', maxDirty !== null],
    ['--verify', verify],
  ];
  const asked = asking.find(([, given]) => given);
  if (!asked) return { ...values, tracking: tracking ?? 'none', checkpointing: false, checkpointEvery: null };
  if (tracking === 'none') throw new InputError(`${asked[0]} needs tracking: --tracking pml or write-protect`);
  const trigger = Math.max(dirtyTrigger, checkpointEvery?.by === 'pages' ? checkpointEvery.count : 0);
  if (maxDirty !== null && trigger > maxDirty) {
    const option = trigger === dirtyTrigger ? `--dirty-trigger ${trigger}` : `--checkpoint-every ${trigger}pages`;
    throw new InputError(`${option} is above --max-dirty ${maxDirty}`);
  }
  const every = checkpointEvery ?? (dirtyTrigger > 0 ? null : parseInterval(DEFAULT_INTERVAL));
  return { ...values, tracking: tracking ?? 'pml', checkpointing: true, checkpointEvery: every };
}
