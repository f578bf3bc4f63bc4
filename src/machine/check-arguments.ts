// What the PC's calls ask of their arguments.

import {
  requireBoolean,
  requireBytes,
  requireCount,
  requireFields,
  requireFunction,
  requireParts,
  requireString,
} from '../base/arguments.ts';
import { requireAttached, requireThat } from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';
import { DISK_KINDS } from './bios/disk.ts';
import type { PcConfig } from './pc.ts';
import { CONFIG_CHECKS } from '../vm/check-arguments.ts';

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
    });
    requireFunction(`${name}[${n}].make`, (row as { readonly make: unknown }).make);
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

const { platform: _, ...VM_CHECKS } = CONFIG_CHECKS;
const PC_CHECKS: { readonly [K in keyof Required<PcConfig>]: Checks[string] } = {
  ...VM_CHECKS,
  serial: requireFunction,
  debugcon: requireFunction,
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
