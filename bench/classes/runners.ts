// Who runs the classes, in which forms, and what keeps one from it.

import { inChild } from '../harness/child.ts';
import { v86Version } from '../support/v86.ts';
import { debianLinux } from './images.ts';
import type { Bits, Linux } from './images.ts';
import { runBareInTcg, runLinuxInTcg, tcgVersion } from './in-tcg.ts';
import { runBareInTidemark, runLinuxInTidemark } from './in-tidemark.ts';
import type { Engine } from './in-tidemark.ts';
import { runBareInV86, runLinuxInV86, seaBios } from './in-v86.ts';
import type { Outcome } from './marks.ts';
import { nativeFailure, runNatively } from './native.ts';

/** Where the work is: in a kernel of its own, or in a program of Linux. */
export interface Form {
  readonly name: 'bare' | 'linux';
  readonly bits: Bits;
}

/** One run of some classes: a command line of guests/bench, such as `core=20 fib=3`. */
export interface Run {
  readonly form: Form;
  readonly append: string;
}

export interface Runner {
  readonly name: string;
  /** What it is, with its version. */
  readonly title: string;
  /** Why it cannot run the form here, or null. */
  missing(form: Form): string | null;
  run(run: Run): Outcome | Promise<Outcome>;
}

/** What a process of its own is told. */
export interface Task extends Run {
  readonly machine: Engine | 'v86';
}

/** Debian's kernel; throws where it cannot be had. */
function linux(): Linux {
  const found = debianLinux();
  if ('reason' in found) throw new Error(found.reason);
  return found;
}

/** Does in this process what another was told. */
export function runTask({ machine, form: { name, bits }, append }: Task): Outcome | Promise<Outcome> {
  if (machine === 'v86') return name === 'bare' ? runBareInV86(append) : runLinuxInV86(linux(), append);
  return name === 'bare' ? runBareInTidemark(machine, bits, append) : runLinuxInTidemark(machine, linux(), append);
}

const inOwnProcess =
  (machine: Task['machine']) =>
  (run: Run): Promise<Outcome> =>
    inChild<Outcome>({ ...run, machine } satisfies Task);

const ours = (name: string, machine: Engine, title: string): Runner => ({ name, title, missing: () => null, run: inOwnProcess(machine) });

const native: Runner = {
  name: 'native',
  title: 'this processor, by the same code as a program',
  missing: ({ bits }) => nativeFailure(bits),
  run: ({ form, append }) => runNatively(form.bits, append),
};

const tcg: Runner = {
  name: 'tcg',
  title: `QEMU ${tcgVersion() ?? ''}, its translator`,
  missing: () => (tcgVersion() === null ? 'qemu-system-x86_64 is not installed' : null),
  run: ({ form: { name, bits }, append }) => (name === 'bare' ? runBareInTcg(bits, append) : runLinuxInTcg(linux(), append)),
};

const v86: Runner = {
  name: 'v86',
  title: `the npm package v86 ${v86Version() ?? ''}`,
  missing({ name, bits }) {
    if (v86Version() === null) return 'the npm package is not installed';
    if (bits === 64) return 'it has no 64-bit mode';
    return name === 'linux' ? seaBios().reason || null : null;
  },
  run: inOwnProcess('v86'),
};

export const RUNNERS: readonly Runner[] = [
  native,
  tcg,
  v86,
  ours('tidemark', 'auto', 'this checkout'),
  ours('translator', 'translator', 'this checkout, --engine translator'),
  ours('interpreter', 'interpreter', 'this checkout, --engine interpreter'),
];
