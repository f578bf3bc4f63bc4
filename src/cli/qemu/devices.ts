// QEMU's options that name parts of a machine: drives, devices, character devices, memory, processors.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';
import { parseInteger, showSize } from '../values.ts';
import { type Plan, targetOf } from './plan.ts';
import { commaSeparated, type Properties, properties, requireKnownKeys, requireValue } from './properties.ts';

const SIZE_UNITS: { readonly [unit: string]: number } = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const DRIVE_KEYS = ['file', 'format', 'if', 'index', 'media', 'readonly', 'read-only', 'snapshot', 'id', 'unit', 'bus', 'cache'];
const ON: readonly (string | undefined)[] = ['on', 'yes', 'true'];
const DEVICES = ['isa-debug-exit', 'isa-debugcon', 'isa-serial'];
const IDE: readonly string[] = ['ide', 'none', 'virtio', 'scsi'];
/** Where QEMU has isa-debug-exit if `iobase` does not say otherwise. */
const DEBUG_EXIT_PORT = '0x501';
/** Where the machine has it unless `--debug-exit` says otherwise. */
const OWN_DEBUG_EXIT_PORT = 0xf4;
/** Where the debug console answers. */
const DEBUGCON_PORTS: readonly number[] = [0xe9, 0x402];

/** `-drive`. */
export function drive(plan: Plan, text: string): void {
  const given = properties(text, null);
  requireKnownKeys(given, DRIVE_KEYS);
  const file = requireValue(given, 'file');
  const [format, media, kind, index] = [
    given.get('format') ?? 'raw',
    given.get('media') ?? 'disk',
    given.get('if') ?? 'ide',
    given.get('index'),
  ];
  if (format !== 'raw') throw new InputError(`format=${format}: images are raw; 'qemu-img convert -O raw' makes one of them`);
  if (media !== 'disk') throw new InputError(`media=${media}: there is no CD-ROM`);
  if (index !== undefined && index !== '0') throw new InputError(`index=${index}: the machine has one disk or diskette`);
  if (kind !== 'floppy' && !IDE.includes(kind)) throw new InputError(`if=${kind}: a drive is a disk or, with if=floppy, a diskette`);
  medium(plan, '-drive', kind === 'floppy' ? '--floppy' : '--disk', file);
  const keeps = [given.get('readonly'), given.get('read-only'), given.get('snapshot')].some((value) => ON.includes(value));
  if (keeps) plan.keepDisks();
}

/** A disk or a diskette; guests reach either through the BIOS alone. */
export function medium(plan: Plan, option: string, becomes: '--disk' | '--floppy', file: string): void {
  if (file === '') throw new InputError('the value is empty');
  plan.medium(option, becomes, file);
}

/** `-device`. */
export function device(plan: Plan, text: string): void {
  const given = properties(text, 'driver');
  const driver = requireValue(given, 'driver');
  const port = (otherwise: string): number => parseInteger(given.get('iobase') ?? otherwise, 0, 0xffff);
  if (driver === 'isa-debug-exit') {
    requireKnownKeys(given, ['driver', 'iobase', 'iosize', 'id']);
    const at = port(DEBUG_EXIT_PORT);
    if (at !== OWN_DEBUG_EXIT_PORT) plan.add('--debug-exit', `0x${at.toString(16)}`);
  } else if (driver === 'isa-debugcon') {
    requireKnownKeys(given, ['driver', 'iobase', 'readback', 'chardev', 'id']);
    const at = port('0xe9');
    if (!DEBUGCON_PORTS.includes(at)) throw new InputError(`iobase=0x${at.toString(16)}: the debug console is at 0xe9 and 0x402`);
    plan.debugcon(`chardev:${requireValue(given, 'chardev')}`);
  } else if (driver === 'isa-serial') {
    requireKnownKeys(given, ['driver', 'chardev', 'id', 'index', 'iobase', 'irq']);
    if (port('0x3f8') !== 0x3f8) throw new InputError(`iobase=${given.get('iobase')}: the serial port is at 0x3f8`);
    plan.serial(`chardev:${requireValue(given, 'chardev')}`);
  } else {
    throw new InputError(`there is no '${driver}': there are ${DEVICES.join(', ')}${didYouMean(driver, DEVICES)}`);
  }
}

/** `-chardev`. */
export function characterDevice(plan: Plan, text: string): void {
  const given = properties(text, 'backend');
  const backend = requireValue(given, 'backend');
  const target = targetOf(backend === 'file' ? `file:${requireValue(given, 'path')}` : backend);
  if (target === null) throw new InputError(`'${backend}' is not stdio, file or null`);
  plan.characterDevices.set(requireValue(given, 'id'), target);
}

/** `-m`: in MiB if there is no unit. */
export function memory(plan: Plan, text: string): void {
  const size = requireValue(properties(text, 'size'), 'size');
  const [, amount, unit] = /^(\d+)([bkmgt]?)$/i.exec(size) ?? [];
  if (amount === undefined) throw new InputError(`'${size}' is not a size such as 128 (MiB), 128M or 1G`);
  const bytes = Number(amount) * SIZE_UNITS[unit === '' ? 'M' : unit!.toUpperCase()]!;
  if (bytes % 1024 !== 0) throw new InputError(`'${size}' is not a multiple of 1024 bytes`);
  plan.add('--memory', showSize(bytes));
}

/** `-smp`: `cpus`, or what sockets, cores and threads come to. */
export function processors(plan: Plan, text: string): void {
  const given = properties(text, 'cpus');
  const parts = ['sockets', 'dies', 'clusters', 'modules', 'cores', 'threads'];
  requireKnownKeys(given, ['cpus', 'maxcpus', ...parts]);
  const count = (key: string): number => parseInteger(given.get(key) ?? '1', 1, Number.MAX_SAFE_INTEGER);
  const cpus = given.has('cpus') ? count('cpus') : parts.reduce((product, key) => product * count(key), 1);
  plan.add('--cpus', String(cpus));
  if (cpus > 1) plan.note(`-smp ${text}: there is no APIC by which a guest could start the other processors`);
}

/** `-initrd`: several files are multiboot modules. */
export function initrd(plan: Plan, text: string): void {
  const files = commaSeparated(text);
  const withArguments = files.find((file) => files.length > 1 && file.includes(' '));
  if (withArguments !== undefined) throw new InputError(`'${withArguments}': a module's name is that of its file, without arguments`);
  for (const file of files) plan.add(files.length === 1 ? '--initrd' : '--module', file);
}

/** `-machine`, `-M`. */
export function machine(plan: Plan, text: string, written: string): void {
  const type = properties(text, 'type').get('type') ?? 'pc';
  if (!/^(pc|q35|isapc|microvm)(-|$)/.test(type)) throw new InputError(`there is no machine '${type}': there is a PC`);
  if (type !== 'pc' && type !== 'isapc') plan.note(`${written} is ignored: the machine is a PC without PCI`);
}

/** `-boot`: there is one thing to boot from. */
export function bootOrder(_plan: Plan, text: string): void {
  const given: Properties = properties(text, 'order');
  const order = given.get('once') ?? given.get('order') ?? 'c';
  if (!/^[ac]/.test(order)) throw new InputError(`'${order}': the machine boots from its disk (c) or its diskette (a)`);
}
