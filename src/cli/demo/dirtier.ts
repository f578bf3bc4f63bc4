// The guest `dirtier` as its host sees it: the layout of guests/dirtier/dirtier.h, and its command line.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import type { Vm } from '../../vm/vm.ts';

export const PATTERNS = ['mixed', 'sequential', 'random', 'hotcold', 'pagetables', 'aliases', 'crossing', 'selfmod'] as const;
export type Pattern = (typeof PATTERNS)[number];

/** GPA of the pages it dirties; below are its code, its control page and its page tables. */
export const REGION = 0x60_0000;
/** So many pages its page tables have room for. */
export const MAX_REGION_PAGES = 16384;

const CONTROL = 0x50_0000;
const ITERATION = 0x08;
const STATE = 0x38;
/** Values of the control page's `state`. */
const RUNNING = 1;

export interface DirtierWork {
  readonly pattern: Pattern;
  readonly pages: number;
  readonly iterations: number;
  /** Pages written in each iteration. */
  readonly rate: number;
  readonly seed: number;
}

export const commandLine = ({ pattern, pages, iterations, rate, seed }: DirtierWork): string =>
  `pattern=${pattern} pages=${pages} iterations=${iterations} rate=${rate} seed=${seed}`;

/** Bytes of RAM that a region of `pages` pages ends at. */
export const regionEnd = (pages: number): number => REGION + pages * PAGE_SIZE;

const control = (vm: Vm, field: number): number => {
  const bytes = vm.readMemory(CONTROL + field, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
};

/** Whether it has built its page tables and begun to write. */
export const isRunning = (vm: Vm): boolean => control(vm, STATE) === RUNNING;

/** The iteration that it is at. */
export const iterationOf = (vm: Vm): number => control(vm, ITERATION);
