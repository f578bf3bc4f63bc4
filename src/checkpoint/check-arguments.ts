// What checkpoints ask of their arguments.

import {
  requireBoolean,
  requireCount,
  requireFields,
  requireFunction,
  requireLimit,
  requireParts,
  requireThat,
} from '../base/arguments.ts';
import type { Checks } from '../base/arguments.ts';

const U32 = 0xffffffff;
const atLeastOne = (name: string, value: unknown): void =>
  requireThat(typeof value === 'number' && value >= 1, name, value, 'a number from 1');
const POLICY: Checks = {
  dirtyTrigger: (name, value) => requireCount(name, value, 0, U32),
  maxDirty: (name, value) => requireCount(name, value, 1, U32),
  instructions: atLeastOne,
  milliseconds: requireLimit,
  batch: (name, value) => requireCount(name, value, 1, 0x7fffffff),
  hash: requireBoolean,
};

const MAP_PARTS = ['size', 'get', 'has', 'keys', 'entries'];

export const requireStore = (store: unknown, name = 'store'): void =>
  requireParts(name, store, 'a store', ['putBase', 'putDelta', 'base', 'delta', 'firstCycle', 'lastCycle']);

export function checkCheckpointer(store: unknown, policy: unknown, now: unknown): void {
  requireStore(store);
  requireFields('policy', policy, POLICY, 'policy.');
  requireFunction('now', now);
}

export function checkRewind(cpid: unknown, options: unknown): void {
  requireCount('cpid', cpid);
  const fork = (name: string, value: unknown): void => (typeof value === 'boolean' ? undefined : requireStore(value, name));
  requireFields('options', options, { fork }, 'options.');
}

export const checkCycle = (options: unknown): void =>
  requireFields('options', options, { limit: requireLimit, runSlice: requireFunction }, 'options.');

export function checkBase(base: unknown): void {
  requireParts('base', base, 'a base', ['machine', 'state', 'pages', 'blocks', 'hash']);
  const { pages } = base as { readonly pages: unknown };
  requireParts('base.pages', pages, 'a Map of pages', MAP_PARTS);
}

export function checkDelta(delta: unknown): void {
  requireParts('delta', delta, 'a delta', ['cpid', 'state', 'pages', 'blocks', 'hash', 'end']);
  const { cpid, pages } = delta as { readonly cpid: unknown; readonly pages: unknown };
  requireCount('delta.cpid', cpid, 1);
  requireParts('delta.pages', pages, 'a Map of pages', MAP_PARTS);
}
