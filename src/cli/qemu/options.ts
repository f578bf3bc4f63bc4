// QEMU's options that a PC's guest is run with: what each becomes. Facts are those of `qemu-system-x86_64 --help` and qemu(1).

import { InputError } from '../../base/errors.ts';
import { bootOrder, characterDevice, device, drive, initrd, machine, medium, memory, processors } from './devices.ts';
import type { Plan } from './plan.ts';
import { commaSeparated } from './properties.ts';

export interface QemuOption {
  /** How its value is called; null if it takes none. */
  readonly metavar: string | null;
  readonly help: string;
  /** The option of `tidemark run` that it becomes, for hints; null for none. */
  readonly becomes: string | null;
  /**
   * Does what it asks for; `value` is '' if it takes none, `written` is all of it. InputError, to be read after its name, for what
   * would be another guest.
   */
  readonly take: (plan: Plan, value: string, written: string) => void;
}

type Take = QemuOption['take'];

const taken = (metavar: string | null, becomes: string | null, help: string, take: Take): QemuOption => ({ metavar, help, becomes, take });

/** An option of `run` under another name. */
const same = (metavar: string, becomes: string, help: string): QemuOption =>
  taken(metavar, becomes, help, (plan, value) => plan.add(becomes, value));

const nothing: Take = () => {};

/** By name, without the dash. */
export const TAKEN: { readonly [name: string]: QemuOption } = {
  kernel: same('F', '--kernel', 'a Linux, multiboot or PVH kernel'),
  append: same('S', '--append', "the kernel's command line"),
  initrd: taken('F', '--initrd', "Linux's initial RAM disk; several, with commas between: multiboot modules", initrd),
  m: taken('SIZE', '--memory', 'guest RAM, in MiB if there is no unit', memory),
  smp: taken('N', '--cpus', 'number of vCPUs', processors),
  serial: taken('stdio|mon:stdio|file:F|null|none', '--serial', 'where COM1 leads; stdio if it is not given', (plan, value) =>
    plan.serial(value),
  ),
  debugcon: taken('stdio|file:F|null', '--debugcon', 'where port 0xE9 leads', (plan, value) => plan.debugcon(value)),
  chardev: taken('PROPERTIES', null, 'stdio, file or null, with an id that -serial chardev:ID and -device name', characterDevice),
  device: taken('isa-debug-exit|isa-debugcon|isa-serial', null, 'with iobase=, chardev= as QEMU has them', device),
  hda: taken('F', '--disk', 'a disk to boot; the file is not changed', (plan, value) => medium(plan, '-hda', '--disk', value)),
  fda: taken('F', '--floppy', 'a diskette to boot; the file is not changed', (plan, value) => medium(plan, '-fda', '--floppy', value)),
  drive: taken('PROPERTIES', '--disk', 'file=F,format=raw and if=floppy for a diskette; the file is not changed', drive),
  bios: same('F', '--bios', 'firmware'),
  'option-rom': same('F', '--option-rom', 'an expansion ROM for that firmware'),
  d: taken('ITEMS', '--trace', 'in_asm, exec, cpu: trace instructions; int: trace events', (plan, value) =>
    commaSeparated(value).forEach((item) => plan.log(item)),
  ),
  dfilter: same('RANGES', '--trace-filter', 'trace only code in these: FROM..TO, FROM+SIZE, with commas between'),
  D: taken('F', '--trace', 'the file that -d writes', (plan, value) => {
    if (value === '') throw new InputError('the value is empty');
    plan.logFile = value;
  }),
  nographic: taken(null, null, 'as always: COM1 on stdin and stdout, no window', nothing),
  display: taken('none|curses', '--screen', 'curses shows the text screen in the terminal', (plan, value) => {
    if (value === 'curses') plan.add('--screen');
    else if (value !== 'none') throw new InputError(`'${value}': there is no window; curses shows the text screen in the terminal`);
  }),
  curses: taken(null, '--screen', 'the same as -display curses', (plan) => plan.add('--screen')),
  boot: taken('a|c', null, 'the one disk or diskette is booted', bootOrder),
  snapshot: taken(null, null, 'as always: no disk image is changed', (plan) => plan.keepDisks()),
  'no-reboot': taken(null, null, 'as always: a reset ends the run', nothing),
  'dry-run': taken(null, null, 'not of QEMU: print the command line of `tidemark run` that is the same', (plan) => {
    plan.dryRun = true;
  }),
};

/** Why an option is ignored: with `none` or `null` for a value it asks for what is so anyway, and no note is needed. */
const ignored = (metavar: string | null, why: string): QemuOption =>
  taken(metavar, null, why, (plan, value, written) => {
    if (value !== 'none' && value !== 'null') plan.note(`${written} is ignored: ${why}`);
  });

const refused = (metavar: string | null, why: string): QemuOption =>
  taken(metavar, null, why, (_plan, value) => {
    if (value !== 'none' && value !== 'null') throw new InputError(why);
  });

const ENGINE = 'guest code is interpreted and translated here, whatever the host has';
const TIME = "virtual time is counted in instructions, and a guest's run is the same each time";
const HOST = 'it says how QEMU uses its host';
const NETWORK = 'there is no network';
const MONITOR = 'there is no monitor';
const DEBUGGER = 'there is no GDB server; --trace instructions shows what runs';
const FLASH = 'there is no flash memory; -bios takes a ROM image';
const WINDOW = 'there is no window; -display curses shows the text screen in the terminal';

/** What makes no difference to most guests. */
export const IGNORED: { readonly [name: string]: QemuOption } = {
  accel: ignored('NAME', ENGINE),
  'enable-kvm': ignored(null, ENGINE),
  cpu: ignored('MODEL', 'there is one model of processor, of which CPUID tells'),
  icount: ignored('VALUE', TIME),
  rtc: ignored('VALUE', 'the clock begins at 2000-01-01 00:00 UTC'),
  'no-shutdown': ignored(null, 'the run ends with the guest'),
  action: ignored('VALUE', 'a reset, a halt and a triple fault end the run'),
  vga: ignored('NAME', 'the video adapter is a VGA in text mode'),
  monitor: ignored('DEVICE', MONITOR),
  qmp: ignored('DEVICE', MONITOR),
  parallel: ignored('DEVICE', 'there is no parallel port'),
  usb: ignored(null, 'there is no USB'),
  audio: ignored('VALUE', 'there is no sound'),
  audiodev: ignored('VALUE', 'there is no sound'),
  name: ignored('NAME', HOST),
  L: ignored('DIR', HOST),
  k: ignored('LAYOUT', 'the keyboard has the US layout'),
  pidfile: ignored('F', HOST),
  msg: ignored('VALUE', HOST),
  overcommit: ignored('VALUE', HOST),
  'mem-path': ignored('PATH', HOST),
  'mem-prealloc': ignored(null, HOST),
  'no-user-config': taken(null, null, 'as always', nothing),
  nodefaults: taken(null, null, 'as always', nothing),
  'no-fd-bootchk': taken(null, null, 'as always', nothing),
  'no-acpi': taken(null, null, 'as always: there is no ACPI', nothing),
  'no-hpet': taken(null, null, 'as always: there is no HPET', nothing),
  machine: taken('NAME', null, 'the machine is a PC without PCI', machine),
  M: taken('NAME', null, 'the machine is a PC without PCI', machine),
};

/** What would be another guest, or another machine, without it. */
export const REFUSED: { readonly [name: string]: QemuOption } = {
  cdrom: refused('F', 'there is no CD-ROM'),
  hdb: refused('F', 'the machine has one disk'),
  hdc: refused('F', 'the machine has one disk'),
  hdd: refused('F', 'the machine has one disk'),
  fdb: refused('F', 'the machine has one diskette drive'),
  pflash: refused('F', FLASH),
  net: refused('VALUE', NETWORK),
  nic: refused('VALUE', NETWORK),
  netdev: refused('VALUE', NETWORK),
  virtfs: refused('VALUE', 'there is no shared file system'),
  object: refused('VALUE', 'there are no such objects'),
  blockdev: refused('VALUE', '-drive file=F,format=raw says the same'),
  fw_cfg: refused('VALUE', 'there is no fw_cfg'),
  dtb: refused('F', 'a PC has no device tree'),
  s: refused(null, DEBUGGER),
  S: refused(null, DEBUGGER),
  gdb: refused('DEVICE', DEBUGGER),
  loadvm: refused('NAME', "checkpoints are restored by 'tidemark restore'"),
  incoming: refused('VALUE', "checkpoints are restored by 'tidemark restore'"),
  daemonize: refused(null, 'the run is that of its process'),
  vnc: refused('VALUE', WINDOW),
  spice: refused('VALUE', WINDOW),
  sdl: refused(null, WINDOW),
  trace: refused('VALUE', '-d int and -d in_asm ask for traces'),
};

export const QEMU_OPTIONS: { readonly [name: string]: QemuOption } = { ...TAKEN, ...IGNORED, ...REFUSED };
