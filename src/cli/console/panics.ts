// What kernels say on their consoles when they have given up: `--fail-on panic`. Each line is given with the place in the system's
// sources that prints it. Expressions end with `.*$` so that the whole line is there to be shown when the run ends.

import { compileRegex } from './regex.ts';
import type { Regex } from './regex.ts';

export interface Panic {
  readonly system: string;
  /** The file that prints the line, in the system's own source tree. */
  readonly source: string;
  readonly regex: string;
}

/** BSD's panic(), and xv6's, which is like it. */
const BSD = String.raw`^(?:\[ *[\d.]+\] )?(?:lapicid \d+: )?panic: .*$`;

// biome-ignore format: a table
export const PANICS: readonly Panic[] = [
  { system: 'Linux', source: 'kernel/panic.c', regex: 'Kernel panic - not syncing.*$' },
  { system: 'Linux', source: 'arch/x86/kernel/dumpstack.c', regex: String.raw`\bOops: .*$` },
  { system: 'Linux', source: 'arch/x86/mm/fault.c, lib/bug.c', regex: String.raw`\bBUG: .*$|\bkernel BUG at .*$` },
  { system: 'FreeBSD', source: 'sys/amd64/amd64/trap.c', regex: String.raw`^Fatal (?:double fault|trap \d+: ).*$` },
  { system: 'FreeBSD, NetBSD, OpenBSD, xv6', source: 'kern_shutdown.c, subr_prf.c, printf.c, console.c', regex: BSD },
  { system: 'NetBSD', source: 'sys/arch/amd64/amd64/trap.c', regex: String.raw`\bfatal .* in supervisor mode.*$` },
  { system: 'illumos', source: 'usr/src/uts/common/os/panic.c', regex: String.raw`^panic\[cpu\d+\]/thread=.*$` },
  { system: 'Xen', source: 'xen/drivers/char/console.c', regex: String.raw`\bPanic on CPU \d+:.*$` },
  { system: 'Zephyr', source: 'kernel/fatal.c', regex: 'ZEPHYR FATAL ERROR .*$' },
  { system: 'seL4', source: 'src/assert.c', regex: 'seL4 called fail at .*$|seL4 failed assertion .*$' },
  { system: 'GRUB', source: 'grub-core/kern/rescue_reader.c', regex: '^grub rescue> ' },
  { system: 'Rust', source: 'std/src/panicking.rs, core/src/panic/panic_info.rs', regex: String.raw`\bpanicked at .*$` },
  { system: 'kvm-unit-tests', source: 'lib/x86/desc.c', regex: '^Unhandled (?:cpu )?exception .*$' },
];

/** All of them in one. */
export const panicRegex = (): Regex => compileRegex(PANICS.map(({ regex }) => `(?:${regex})`).join('|'));
