// What each law is tried under. A further engine is one more row.

import type { VmConfig } from '../../../src/vm/config.ts';

export type Method = 'write-protect' | 'pml';
export type EngineName = NonNullable<VmConfig['engine']>;

export const METHODS: readonly Method[] = ['write-protect', 'pml'];
export const ENGINES: readonly EngineName[] = ['interpreter', 'translator'];
export const VCPUS: readonly number[] = [1, 4];

export interface Configuration {
  readonly engine: EngineName;
  readonly tracking: Method;
  readonly vcpus: number;
}

export const configurations = (vcpus: readonly number[] = VCPUS): Configuration[] =>
  ENGINES.flatMap((engine) => METHODS.flatMap((tracking) => vcpus.map((count) => ({ engine, tracking, vcpus: count }))));

export const MIB = 1024 ** 2;
export const PAGE = 4096;
