// `tidemark qemu`: runs a guest that QEMU's options describe.

import { initialValues, optionName } from '../options.ts';
import type { Command, CommandHead } from '../command.ts';
import { withUsageHint } from '../command.ts';
import type { DescribedOption } from '../described-option.ts';
import { completesOf } from '../described-option.ts';
import { ExitStatus } from '../exit-status.ts';
import { commandHelp } from '../help.ts';
import { IGNORED, type QemuOption, REFUSED, TAKEN } from '../qemu/options.ts';
import { readQemuArguments } from '../qemu/read.ts';
import { shellWord } from '../shell-word.ts';
import { run } from './run.ts';

const names = (options: Readonly<Record<string, QemuOption>>): string =>
  Object.keys(options)
    .map((name) => `-${name}`)
    .join(', ');

const HEAD: CommandHead = {
  name: 'qemu',
  summary: "run a guest by QEMU's options",
  usage: '[IMAGE] [options of QEMU] [-- options of run]',
  description: [
    'Takes the options of qemu-system-x86_64, -kernel F or --kernel F, and does what `tidemark run` does with its own. IMAGE is a disk, ' +
      'as with -hda. What follows -- are options of `tidemark run`. --dry-run prints the command line of `tidemark run` that is the same.',
    'An option that would make another guest or another machine of it is an error. One that makes no difference to most guests is ' +
      'ignored, with a line that says so.',
    `Ignored: ${names(IGNORED)}.`,
    `Refused: ${names(REFUSED)}.`,
    'Unlike QEMU, the run ends when the guest halts with interrupts off or asks for a reset, port 0xF4 ends it without a -device, and ' +
      'COM1 is on stdout without -serial. The exit status is that of `tidemark run`.',
  ],
  options: {},
  example: 'qemu -kernel kernel.elf -m 64 -serial stdio -display none',
  described: [
    ...Object.entries(TAKEN).map(([name, option]) => described(name === 'dry-run' ? '--dry-run' : `-${name}`, option)),
    { name: '--help', metavar: null, valueOptional: false, help: 'this text', completes: completesOf('') },
  ],
};

function described(name: string, { metavar, help }: QemuOption): DescribedOption {
  return { name, metavar, valueOptional: false, help, completes: completesOf(metavar ?? '') };
}

export const qemu: Command = {
  ...HEAD,
  async invoke(argv, io) {
    const read = withUsageHint(HEAD.name, () => readQemuArguments(argv, requireAccepted, Object.keys(run.options).map(optionName)));
    if (read === 'help') {
      io.stdout.write(commandHelp(HEAD));
      return ExitStatus.OK;
    }
    for (const note of read.plan.notes) io.stderr.write(`tidemark: ${note}\n`);
    if (!read.plan.dryRun) return run.invoke(read.run, io);
    io.stdout.write(`${['tidemark', 'run', ...read.run].map(shellWord).join(' ')}\n`);
    return ExitStatus.OK;
  },
};

/** InputError for a value that `run` does not take. */
function requireAccepted(name: string, value: string): void {
  const key = Object.keys(run.options).find((candidate) => optionName(candidate) === name)!;
  run.options[key]!.accept(value, initialValues(run.options)[key]);
}
