// The manual page tidemark(1), from the same tables as help, for man and mandoc.

import type { CommandHead } from './command.ts';
import { optionsOf, written } from './help.ts';
import { VERSION } from './version.ts';
import { wrap } from './wrap.ts';

/** Columns of the source, well below 80 for what escapes add. */
const LINE = 64;

/** By exit status, what it says. */
const STATUSES: readonly (readonly [string, string])[] = [
  ['0', 'The guest halted for good or asked for a reset, or Ctrl-A x was typed.'],
  ['((v << 1) | 1) & 255', 'The guest wrote v to the debug-exit port.'],
  ['1', 'What a demo was to show does not hold; a test of a suite failed.'],
  ['2', 'The guest ended by itself before what --expect names was seen.'],
  ['4', 'What --fail-on names was seen.'],
  ['6', 'In place of 0: tests failed whose results the guest printed.'],
  ['70', 'An internal error, with what to report, or a lost write that --verify found.'],
  ['74', 'In place of 0: something that the run was to write could not be written.'],
  ['124', 'A limit was reached: --timeout or --max-instructions.'],
  ['125', 'Bad usage, or input that cannot be read or is malformed: one line on stderr says what is wrong, and where.'],
  ['126', 'A triple fault.'],
  ['130, 143', 'The run was ended by SIGINT or SIGTERM.'],
];

/** The page in the macros of man(7). */
export function manualPage(commands: readonly CommandHead[]): string {
  return [
    `.TH TIDEMARK 1 "" "Tidemark ${VERSION}" "Tidemark"`,
    '.SH NAME',
    'tidemark \\- an x86 machine that always knows which pages changed',
    '.SH SYNOPSIS',
    ...commands.flatMap(({ name, usage }, n) => [...(n === 0 ? [] : ['.br']), `.B tidemark ${name}`, roff(usage)]),
    '.SH DESCRIPTION',
    ...paragraph(
      'stdout carries the serial console of the guest; everything Tidemark says itself goes to stderr, unless --json asks for it on ' +
        'stdout. Of an option that is given twice the last value counts, unless the option may be repeated.',
    ),
    ...commands.flatMap(commandSection),
    '.SH EXIT STATUS',
    ...STATUSES.flatMap(([status, meaning]) => ['.TP', `.B ${roff(status)}`, ...paragraph(meaning)]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B TIDEMARK_DEBUG',
    'If set, an error shows its stack trace.',
    '.TP',
    '.B NO_COLOR',
    'If set, the screen of the guest is shown without colours.',
    '',
  ].join('\n');
}

function commandSection(head: CommandHead): string[] {
  const { name, description, example } = head;
  return [
    `.SH TIDEMARK ${name.toUpperCase()}`,
    ...description.flatMap((text, n) => [...(n === 0 ? [] : ['.PP']), ...paragraph(text)]),
    ...(example === undefined ? [] : ['.PP', 'Example:', '.PP', '.nf', roff(`  tidemark ${example}`), '.fi']),
    ...optionsOf(head).flatMap((option) => ['.TP', `.B ${roff(written(option))}`, ...paragraph(option.help)]),
  ];
}

/** Short lines, in which roff sees no requests. */
const paragraph = (text: string): string[] => wrap(text, LINE).map(roff);

/** One line: dashes and quotes as they are typed, no control character at its start. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replace(/^\./, '\\&.');
