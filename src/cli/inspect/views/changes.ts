// What changed from cycle to cycle, by the pages that the cycles hold: no machine is needed.

import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { rebuildCycle } from '../../../checkpoint/rebuild.ts';
import type { MemoryImage } from '../../../snapshot/memory-image.ts';
import type { Checkpoints } from '../../snapshot-file.ts';
import { requireRam } from '../ram.ts';
import { pagesOf } from './memory.ts';
import type { Range } from './memory.ts';
import { address, bytesText, counted } from './view.ts';
import type { View } from './view.ts';

const ZEROS = new Uint8Array(PAGE_SIZE);
/** Most bytes of a run of changed bytes that a line shows. */
const PER_LINE = 16;

/** The pages that were reported in cycle `cycle`, as ranges. For 0, the base: those that are not zeros. */
export function dirtyView(store: Checkpoints, cycle: number): View {
  const { pages } = cycle === 0 ? store.base() : store.delta(cycle);
  const gfns = [...pages.keys()].sort((a, b) => a - b);
  const ranges: [first: number, end: number][] = [];
  for (const gfn of gfns) {
    const last = ranges.at(-1);
    if (last?.[1] === gfn) last[1]++;
    else ranges.push([gfn, gfn + 1]);
  }
  return {
    text: [
      cycle === 0 ? `the base holds ${counted(gfns.length, 'page')}` : `cycle ${cycle} reported ${counted(gfns.length, 'dirty page')}`,
      ...ranges.map(([first, end]) => `  ${address(first * PAGE_SIZE)} … ${address(end * PAGE_SIZE)}  ${counted(end - first, 'page')}`),
    ],
    data: { cycle, gfns },
  };
}

interface Run {
  readonly gpa: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Which bytes of memory differ at the ends of two cycles, page by page; with `bytes` also what they are. */
export function diffView(store: Checkpoints, [from, to]: readonly [number, number], bytes: boolean): View {
  const before = rebuildCycle(store, from).pages;
  const after = rebuildCycle(store, to).pages;
  const reported = new Set<number>();
  for (let n = Math.min(from, to) + 1; n <= Math.max(from, to); n++) for (const gfn of store.delta(n).pages.keys()) reported.add(gfn);
  const pages = [...reported]
    .sort((a, b) => a - b)
    .map((gfn) => ({ gfn, runs: runsOf(gfn, before.get(gfn) ?? ZEROS, after.get(gfn) ?? ZEROS) }))
    .filter(({ runs }) => runs.length > 0)
    .map(({ gfn, runs }) => ({ gfn, runs, changed: runs.reduce((sum, run) => sum + run.after.length, 0) }));
  const changed = pages.reduce((sum, page) => sum + page.changed, 0);
  const same = reported.size - pages.length;
  return {
    text: [
      `cycle ${from} to cycle ${to}: ${counted(changed, 'byte')} of ${counted(pages.length, 'page')} differ` +
        (same > 0 ? `; ${counted(same, 'page')} more reported in between, with the same bytes` : ''),
      ...pages.flatMap((page) => [
        `  page ${address(page.gfn * PAGE_SIZE)}: ${counted(page.changed, 'byte')}, ` +
          `${address(page.runs[0]!.gpa)} … ${address(endOf(page.runs.at(-1)!))}`,
        ...(bytes ? page.runs.flatMap(runLines) : []),
      ]),
    ],
    data: {
      from,
      to,
      changed,
      reported: reported.size,
      pages: pages.map(({ gfn, changed: count, runs }) => ({ gfn, changed: count, ...(bytes ? { runs: runs.map(runData) } : {}) })),
    },
  };
}

const endOf = ({ gpa, after }: Run): number => gpa + after.length;

function runsOf(gfn: number, before: Uint8Array, after: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < PAGE_SIZE; at++) {
    if (before[at] === after[at]) continue;
    let end = at + 1;
    while (end < PAGE_SIZE && before[end] !== after[end]) end++;
    runs.push({ gpa: gfn * PAGE_SIZE + at, before: before.subarray(at, end), after: after.subarray(at, end) });
    at = end;
  }
  return runs;
}

function runLines({ gpa, before, after }: Run): string[] {
  const lines: string[] = [];
  for (let at = 0; at < after.length; at += PER_LINE) {
    const part = (bytes: Uint8Array): string => bytesText(bytes.subarray(at, at + PER_LINE));
    lines.push(`    ${address(gpa + at)}: ${part(before)} -> ${part(after)}`);
  }
  return lines;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const runData = ({ gpa, before, after }: Run): object => ({ gpa, before: hexOf(before), after: hexOf(after) });

/** Which cycle up to `last` changed the bytes last, and which reported their pages last. */
export function lastChangeView(store: Checkpoints, { start, length }: Range, last: number): View {
  const read = (pages: MemoryImage, old: Uint8Array | null): Uint8Array => {
    const bytes = old === null ? new Uint8Array(length) : new Uint8Array(old);
    for (const { at, done, length: inPage } of pagesOf(start, length)) {
      const page = pages.get(Math.floor(at / PAGE_SIZE));
      if (page !== undefined) bytes.set(page.subarray(at % PAGE_SIZE, (at % PAGE_SIZE) + inPage), done);
    }
    return bytes;
  };
  const base = store.base();
  requireRam(base.machine, start, length);
  let bytes = read(base.pages, null);
  let change: { readonly cycle: number; readonly before: Uint8Array; readonly after: Uint8Array } | null = null;
  let reported: number | null = null;
  for (let cycle = 1; cycle <= last; cycle++) {
    const { pages } = store.delta(cycle);
    if (![...pagesOf(start, length)].some(({ at }) => pages.has(Math.floor(at / PAGE_SIZE)))) continue;
    reported = cycle;
    const after = read(pages, bytes);
    if (after.some((byte, n) => byte !== bytes[n])) change = { cycle, before: bytes, after };
    bytes = after;
  }
  const what = length === 1 ? address(start) : `${counted(length, 'byte')} at ${address(start)}`;
  return {
    text: [
      change === null
        ? `${what}: as in the base after cycle ${last}: ${bytesText(bytes)}`
        : `${what}: changed last in cycle ${change.cycle}: ${bytesText(change.before)} -> ${bytesText(change.after)}`,
      reported === null ? '  no cycle reported a page of it' : `  reported dirty last in cycle ${reported}`,
    ],
    data: {
      gpa: start,
      length,
      upTo: last,
      changed: change === null ? null : { cycle: change.cycle, before: hexOf(change.before), after: hexOf(change.after) },
      reported,
      bytes: hexOf(bytes),
    },
  };
}
