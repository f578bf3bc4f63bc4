// What loading asks of its arguments.

import { requireBoolean, requireBytes, requireCount, requireFields, requireParts, requireString, requireThat } from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';
import type { BootOptions } from './target.ts';
import { requireVm } from '../vm/check-arguments.ts';

function requireModule(name: string, value: unknown): void {
  requireFields(name, value, { name: requireString, bytes: requireBytes, args: requireString }, `${name}.`);
  const { name: called, bytes } = value as { readonly name: unknown; readonly bytes: unknown };
  requireString(`${name}.name`, called);
  requireBytes(`${name}.bytes`, bytes);
}

function requireModules(name: string, value: unknown): void {
  requireThat(Array.isArray(value), name, value, 'a list');
  (value as readonly unknown[]).forEach((module, n) => requireModule(`${name}[${n}]`, module));
}

export function checkTarget(target: unknown): void {
  const isObject = typeof target === 'object' && target !== null;
  if (isObject && 'vm' in target) return requireVm(target.vm);
  const isVm = isObject && 'memslots' in target;
  requireParts('target', target, 'a machine, or what bootTarget gives', isVm ? [] : ['memory', 'write', 'setEntry']);
}

/** `append`, `initrd` and so on, each a name with its check. */
export const BOOT_CHECKS: { readonly [K in keyof Required<BootOptions>]: Checks[string] } = {
  asKernel: requireBoolean,
  append: requireString,
  modules: requireModules,
  initrd: requireModule,
  // Whether the address is one is said with the file's name.
  at: (field, value) => requireThat(typeof value === 'number', field, value, 'a number'),
};

export function checkLoad(name: unknown, bytes: unknown, options: unknown): void {
  requireString('name', name);
  requireBytes('bytes', bytes);
  requireFields('options', options, BOOT_CHECKS);
}

export function checkEntry(vm: unknown, state: unknown, index: unknown): void {
  requireVm(vm);
  const { vcpus } = vm as { readonly vcpus: readonly unknown[] };
  requireCount('index', index, 0, vcpus.length - 1);
  const fields = ['rip', 'gpr', 'segments', 'gdtr', 'idtr', 'cr0', 'cr3', 'cr4', 'efer', 'rflags'];
  requireParts('state', state, 'an entry state', fields);
  const { gpr, segments, gdtr, idtr, ...values } = state as { readonly [name: string]: unknown };
  for (const field of ['rip', 'cr0', 'cr3', 'cr4', 'efer', 'rflags']) requireCount(`state.${field}`, values[field]);
  for (const [table, value] of Object.entries({ gdtr, idtr })) requireNumbers(`state.${table}`, value, ['base', 'limit']);
  requireParts('state.segments', segments, 'segments', ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr']);
  for (const [name, value] of Object.entries(segments as object)) {
    requireNumbers(`state.segments.${name}`, value, ['selector', 'base', 'limit', 'attributes']);
  }
  requireParts('state.gpr', gpr, 'registers', []);
  for (const [name, value] of Object.entries(gpr as object)) if (value !== undefined) requireCount(`state.gpr.${name}`, value);
}

function requireNumbers(name: string, value: unknown, fields: readonly string[]): void {
  requireParts(name, value, 'a register', fields);
  for (const field of fields) requireCount(`${name}.${field}`, (value as { readonly [field: string]: unknown })[field]);
}
