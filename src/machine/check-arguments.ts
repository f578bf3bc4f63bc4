// What the PC's calls ask of their arguments.

import {
  requireBoolean,
  requireBytes,
  requireCount,
  requireFields,
  requireFunction,
  requireLimit,
  requireParts,
  requireString,
} from '../base/arguments.ts';
import { requireAttached, requireThat } from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';
import { BOOT_CHECKS } from '../boot/check-arguments.ts';
import { requireWholeRow } from './simple-device.ts';
import { DISK_KINDS } from './bios/disk.ts';
import type { PcConfig } from './pc-config.ts';
import { CONFIG_CHECKS, checkSignal } from '../vm/check-arguments.ts';
import type { RunUntilOptions } from './run-until.ts';

const count = (name: string, value: unknown): void => requireCount(name, value);
const space = (name: string, value: unknown): void => requireThat(value === 'ports' || value === 'mmio', name, value, "'ports' or 'mmio'");

/** An object with a name and bytes, both of which must be there. */
function requireFile(name: string, value: unknown, more: Checks = {}): void {
  requireFields(name, value, { name: requireString, bytes: requireBytes, ...more }, `${name}.`);
  const { name: called, bytes } = value as { readonly name: unknown; readonly bytes: unknown };
  requireString(`${name}.name`, called);
  requireBytes(`${name}.bytes`, bytes);
}

function requireRoms(name: string, value: unknown): void {
  requireThat(Array.isArray(value), name, value, 'a list');
  (value as readonly unknown[]).forEach((rom, n) => requireFile(`${name}[${n}]`, rom));
}

function requireRows(name: string, value: unknown): void {
  requireThat(Array.isArray(value), name, value, 'a list');
  (value as readonly unknown[]).forEach((row, n) => {
    requireFields(`${name}[${n}]`, row, {
      space,
      at: count,
      length: count,
      offset: count,
      also: requireWindows,
      irq: count,
      make: requireFunction,
      name: requireString,
      read: requireFunction,
      write: requireFunction,
    });
    requireWholeRow(`${name}[${n}]`, row as { readonly [key: string]: unknown });
  });
}

function requireWindows(name: string, value: unknown): void {
  requireThat(Array.isArray(value), name, value, 'a list');
  (value as readonly unknown[]).forEach((window, n) =>
    requireFields(`${name}[${n}]`, window, { space, at: count, length: count, offset: count }),
  );
}

const requireDiskKind = (name: string, value: unknown): void =>
  requireThat(
    DISK_KINDS.some((kind) => kind === value),
    name,
    value,
    `one of ${DISK_KINDS.join(', ')}`,
  );

/** A sink, or 'collect'. */
const requireOutput = (name: string, value: unknown): void =>
  requireThat(typeof value === 'function' || value === 'collect', name, value, "a function, or 'collect'");

/** Bytes, or a file with name and bytes. */
const requireImage =
  (more: Checks = {}) =>
  (name: string, value: unknown): void =>
    value instanceof Uint8Array ? requireBytes(name, value) : requireFile(name, value, more);

function requireModules(name: string, value: unknown): void {
  requireThat(Array.isArray(value), name, value, 'a list');
  (value as readonly unknown[]).forEach((module, n) => requireImage({ args: requireString })(`${name}[${n}]`, module));
}

const { platform: _, ...VM_CHECKS } = CONFIG_CHECKS;
const PC_CHECKS: { readonly [K in keyof Required<PcConfig>]: Checks[string] } = {
  ...VM_CHECKS,
  ...BOOT_CHECKS,
  image: requireImage(),
  initrd: requireImage({ args: requireString }),
  modules: requireModules,
  serial: requireOutput,
  debugcon: requireOutput,
  notice: requireFunction,
  outputs: (name, value) => {
    requireThat(typeof value === 'object' && value !== null, name, value, 'sinks by name');
    for (const [output, sink] of Object.entries(value as object)) requireFunction(`outputs.${output}`, sink);
  },
  devices: requireRows,
  epoch: (name, value) => requireCount(name, value, Number.MIN_SAFE_INTEGER),
  disk: (name, value) => requireFile(name, value, { kind: requireDiskKind }),
  firmware: (name, value) => requireFile(name, value, { optionRoms: requireRoms }),
};

export const checkPcConfig = (config: unknown): void => requireFields('config', config, PC_CHECKS);

export function checkRestoreConfig(config: unknown): void {
  const { image, append, initrd, modules, at, asKernel, firmware, ...checks } = PC_CHECKS;
  requireFields('config', config, checks);
}

export function checkScreenSource(pc: unknown): void {
  requireParts('pc', pc, 'a PC', ['vm', 'board']);
  const { vm, board } = pc as { readonly vm: unknown; readonly board: unknown };
  requireParts('vm', vm, 'a machine', ['page']);
  requireParts('board', board, 'a board', ['vga']);
}

export function checkScreen(screen: unknown): void {
  requireParts('screen', screen, 'what textScreen gave', ['rows']);
  const { rows } = screen as { readonly rows: unknown };
  const isRow = (row: unknown): boolean => Array.isArray(row) && row.every((cell) => typeof cell?.character === 'string');
  requireThat(Array.isArray(rows) && rows.every(isRow), 'screen.rows', rows, 'rows of cells');
}

/** `known`: the names of keys. */
export function checkKeys(keys: unknown, known: readonly string[]): void {
  requireThat(Array.isArray(keys), 'keys', keys, 'a list of key events');
  (keys as readonly unknown[]).forEach((event, n) => {
    requireParts(`keys[${n}]`, event, 'a key event', ['key', 'down']);
    const { key, down } = event as { readonly key: unknown; readonly down: unknown };
    requireThat(known.includes(key as string), `keys[${n}].key`, key, 'a key of the keyboard');
    requireBoolean(`keys[${n}].down`, down);
  });
}

export function checkSerialBytes(bytes: unknown): void {
  const isList = Array.isArray(bytes) || (ArrayBuffer.isView(bytes) && 'length' in bytes);
  if (ArrayBuffer.isView(bytes)) requireAttached('bytes', bytes);
  const isByte = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
  requireThat(isList && Array.from(bytes as ArrayLike<unknown>).every(isByte), 'bytes', bytes, 'bytes');
}

const requirePattern = (name: string, value: unknown): void =>
  requireThat((typeof value === 'string' && value !== '') || value instanceof RegExp, name, value, 'a regular expression, or text');

const RUN_CHECKS: { readonly [K in keyof Required<RunUntilOptions>]: Checks[string] } = {
  serial: requirePattern,
  debugcon: requirePattern,
  screen: requirePattern,
  limit: requireLimit,
  timeout: requireLimit,
  signal: checkSignal,
};

export const checkRunUntil = (options: unknown): void => requireFields('options', options, RUN_CHECKS);

export function checkTyped(text: unknown): void {
  requireThat(typeof text === 'string' || text instanceof Uint8Array, 'text', text, 'a string, or bytes');
  if (text instanceof Uint8Array) requireAttached('text', text);
}

/** A PC, by what others use of it. */
export const requirePc = (name: string, pc: unknown): void => requireParts(name, pc, 'a PC', ['vm', 'board', 'type', 'onSerial']);

export const checkLinkOptions = (options: unknown): void =>
  requireFields('options', options, { window: (name, value) => requireCount(name, value, 1) });

export const checkLinkRun = (options: unknown): void =>
  requireFields('options', options, { until: requireLimit, timeout: requireLimit, signal: checkSignal });
