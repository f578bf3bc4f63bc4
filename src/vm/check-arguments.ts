// What the machine's calls ask of their arguments.

import { requireBoolean, requireBytes, requireCount, requireFields, requireFunction, requireKeys } from '../base/arguments.ts';
import { requireLimit, requireOneOf, requireParts, requireThat, requireU64 } from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';
import type { SliceOptions } from './exit.ts';
import type { VmConfig } from './config.ts';
import { GPR_NAMES } from './registers.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';

/** Looked at elsewhere. */
const unchecked = (): void => {};
const U16 = 0xffff;
const U32 = 0xffffffff;
const count = (name: string, value: unknown): void => requireCount(name, value);
const u32 = (name: string, value: unknown): void => requireCount(name, value, 0, U32);

function pages(name: string, value: unknown): void {
  requireCount(name, value);
  requireThat((value as number) % PAGE_SIZE === 0, name, value, `a multiple of ${PAGE_SIZE}`);
}

/** The fields of a configuration; numbers are looked at by `shapeOf`. */
export const CONFIG_CHECKS: { readonly [K in keyof Required<VmConfig>]: Checks[string] } = {
  memory: unchecked,
  vcpus: unchecked,
  tracking: unchecked,
  threads: requireBoolean,
  engine: unchecked,
  quantum: unchecked,
  nsPerTick: unchecked,
  spareMemory: unchecked,
  gpaLimit: count,
  rom: unchecked,
  platform: requireFunction,
  unclaimed: (name, value) => requireOneOf(name, value, ['exit', 'float']),
  wrap: requireFunction,
  verify: requireBoolean,
};

export const checkConfig = (config: unknown): void => requireFields('config', config, CONFIG_CHECKS);

export function checkRegion(request: unknown): void {
  requireFields('request', request, {
    slot: unchecked,
    guestPhysAddr: unchecked,
    memorySize: unchecked,
    readonly: requireBoolean,
    logDirty: requireBoolean,
    // One of `vm.memslots` may be given back, changed.
    hostOffset: unchecked,
  });
  const { slot, guestPhysAddr, memorySize } = request as { readonly [key: string]: unknown };
  requireCount('slot', slot);
  pages('memorySize', memorySize);
  if (memorySize !== 0 || guestPhysAddr !== undefined) pages('guestPhysAddr', guestPhysAddr);
}

/** The most bytes that a guest has. */
const MOST = 2 ** 32;

export function checkRange(gpa: unknown, length: unknown): void {
  requireCount('gpa', gpa);
  requireCount('length', length, 0, MOST);
}

export function checkWrite(gpa: unknown, bytes: unknown): void {
  requireCount('gpa', gpa);
  requireBytes('bytes', bytes);
}

const SLICE_CHECKS: { readonly [K in keyof Required<SliceOptions>]: Checks[string] } = {
  idleUntil: requireLimit,
  milliseconds: requireLimit,
  until: (name, value) => requireParts(name, value, 'a moment', ['ticks', 'waiting']),
};

export function checkSlice(limit: unknown, options: unknown): void {
  requireLimit('limit', limit);
  requireFields('options', options, SLICE_CHECKS);
}

export const checkSignal = (name: string, signal: unknown): void =>
  requireParts(name, signal, 'an AbortSignal', ['aborted', 'addEventListener', 'removeEventListener']);

export const checkRun = (options: unknown): void => requireFields('options', options, { signal: checkSignal, limit: requireLimit });

export const checkExit = (exit: unknown): void => requireParts('exit', exit, 'an exit', ['kind']);

const REGS: Checks = Object.fromEntries([...GPR_NAMES, 'rip', 'rflags'].map((name) => [name, requireU64]));
export const checkRegs = (regs: unknown): void => requireFields('regs', regs, REGS);

const SEGMENT: Checks = { selector: (name, value) => requireCount(name, value, 0, U16), base: requireU64, limit: u32, attributes: u32 };
const TABLE: Checks = { base: requireU64, limit: u32 };

/** `segments`, `tables` and `controls`: names of the registers. */
export function checkSregs(sregs: unknown, segments: readonly string[], tables: readonly string[], controls: readonly string[]): void {
  requireKeys('sregs', sregs, [...segments, ...tables, ...controls]);
  for (const [name, value] of Object.entries(sregs as object)) {
    if (value === undefined) continue;
    if (controls.includes(name)) requireU64(name, value);
    else whole(name, value, segments.includes(name) ? SEGMENT : TABLE);
  }
}

/** All fields are there, and right. */
function whole(name: string, value: unknown, checks: Checks): void {
  requireKeys(name, value, Object.keys(checks));
  for (const [key, check] of Object.entries(checks)) check(`${name}.${key}`, (value as { readonly [key: string]: unknown })[key]);
}

export const checkSeed = (seed: unknown, id: unknown): void => {
  requireParts('seed', seed, 'what fetcherSeed() gave', ['memory', 'plan', 'shape', 'requestWords', 'method']);
  requireCount('id', id, 1, U32);
};

/** A machine, by what others use of it. */
export const requireVm = (vm: unknown): void =>
  requireParts('vm', vm, 'a machine', ['page', 'memslots', 'vcpus', 'mt', 'save', 'restore', 'writeMemory']);

export function checkReplay(vm: unknown, journal: unknown): void {
  requireVm(vm);
  requireParts('journal', journal, 'what a journal recorded', ['start', 'entries', 'end']);
  for (const [name, moment] of Object.entries(journal as object)) {
    if (name === 'entries') requireThat(Array.isArray(moment), 'journal.entries', moment, 'a list');
    if (name === 'start' || name === 'end') requireParts(`journal.${name}`, moment, 'a moment', ['at']);
  }
}
