// Who wrote the watched bytes, in words and as data.

import { symbolText } from '../../../debug/symbols.ts';
import type { Symbols } from '../../../debug/symbols.ts';
import type { Disassemble } from '../../guest/disassembler.ts';
import { vectorName } from '../../guest/vector-names.ts';
import { address, bytesText, counted } from '../views/view.ts';
import type { View } from '../views/view.ts';
import { changes } from './store.ts';
import type { Site, StoredBy } from './store.ts';
import type { Found, FoundStore, WatchRequest } from './watch.ts';

/** What names and shows code. */
export interface CodeNames {
  /** Null without the package that disassembles. */
  readonly disassemble: Disassemble | null;
  readonly symbols: Symbols | null;
}

export function watchView(
  { range: { start, length }, upTo, all }: WatchRequest,
  { stores, earlier, repeated }: Found,
  names: CodeNames,
): View {
  const what = length === 1 ? address(start) : `${counted(length, 'byte')} at ${address(start)}`;
  const where = repeated.length === 0 ? `no cycle up to ${upTo} reported a page of it` : `cycles run once more: ${rangesText(repeated)}`;
  const count = all ? counted(stores.length + earlier, 'store') : stores.length === 0 ? 'no store' : 'the last store';
  const title = `${what}: ${count} up to the end of cycle ${upTo} (${where})`;
  return {
    text: [
      title,
      ...(earlier > 0 ? [`  the first ${earlier} are left out`] : []),
      ...stores.flatMap((store) => storeText(store, start, names)),
    ],
    data: { gpa: start, length, upTo, repeated, earlier, stores: stores.map((store) => storeData(store, names)) },
  };
}

/** Bytes of a store that a line shows. */
const SHOWN = 16;

/** Old and new value; of many bytes those from the first that changed on. */
function valuesText(store: FoundStore, start: number): string {
  const { before, after } = store;
  if (!changes(store)) return after.length > SHOWN ? 'the same bytes again' : `${bytesText(after)} again: the same value was stored`;
  if (after.length <= SHOWN) return `${bytesText(before)} -> ${bytesText(after)}`;
  const first = before.findIndex((byte, n) => byte !== after[n]);
  let last = before.length - 1;
  while (before[last] === after[last]) last--;
  const end = Math.min(last + 1, first + SHOWN);
  const parts = [before, after].map((bytes) => bytesText(bytes.subarray(first, end)));
  return `${address(start + first)}: ${parts.join(' -> ')}${last >= end ? ' …' : ''}`;
}

function storeText(store: FoundStore, start: number, { disassemble, symbols }: CodeNames): string[] {
  const { cycle, ticks, by, site } = store;
  const code = site && instructionOf(site, disassemble);
  return [
    `  cycle ${cycle}, tick ${ticks}: ${byText(by)}${site === null ? '' : siteText(by, site, symbols)}`,
    ...(code ? [`    ${code.bytes}${code.text === null ? '' : `  ${code.text}`}`] : []),
    `    ${valuesText(store, start)}`,
  ];
}

function byText(by: StoredBy): string {
  switch (by.kind) {
    case 'instruction':
      return 'an instruction';
    case 'walk':
      return 'the page walk, which sets accessed and dirty bits,';
    case 'host':
      return 'a device or firmware';
    case 'interrupt':
      return `the frame of interrupt ${by.vector}`;
    case 'exception':
      return `the frame of ${vectorName(by.vector)}`;
  }
}

function siteText({ kind }: StoredBy, site: Site, symbols: Symbols | null): string {
  const { vcpu, cs, rip, retired } = site;
  const place = `${address(cs, 4)}:${address(rip, rip > 0xffffffffn ? 16 : 8)}`;
  const name = nameOf(site, symbols);
  const relation = { instruction: 'of', walk: 'for', host: 'within an instruction of', interrupt: 'on', exception: 'on' }[kind];
  return ` ${relation} vCPU ${vcpu} at ${place}${name === null ? '' : ` <${name}>`}, after ${counted(Number(retired), 'instruction')}`;
}

/** `main+0x4`; null where no symbol is. */
function nameOf({ linear }: Site, symbols: Symbols | null): string | null {
  const symbol = symbols?.at(linear) ?? null;
  return symbol && symbolText(symbol);
}

/** The instruction's own bytes; without a disassembler all that there are. Null where there is no code. */
function instructionOf({ code, bitness, rip }: Site, disassemble: Disassemble | null): { bytes: string; text: string | null } | null {
  if (code.length === 0) return null;
  if (disassemble === null) return { bytes: bytesText(code), text: null };
  const { text, length } = disassemble(code, bitness, rip);
  return { bytes: bytesText(code.subarray(0, length)), text };
}

function storeData(store: FoundStore, { disassemble, symbols }: CodeNames): object {
  const { cycle, ticks, by, site, before, after } = store;
  const code = site && instructionOf(site, disassemble);
  return {
    cycle,
    ticks,
    by: by.kind,
    ...('vector' in by ? { vector: by.vector } : {}),
    ...(site === null
      ? {}
      : {
          vcpu: site.vcpu,
          cs: site.cs,
          rip: address(site.rip, 16),
          symbol: nameOf(site, symbols),
          retired: site.retired,
          bytes: code?.bytes ?? '',
          instruction: code?.text ?? null,
        }),
    before: Buffer.from(before).toString('hex'),
    after: Buffer.from(after).toString('hex'),
    changed: changes(store),
  };
}

/** `1 to 3, 7`. */
function rangesText(cycles: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cycle of cycles) {
    const last = ranges.at(-1);
    if (last?.[1] === cycle - 1) last[1] = cycle;
    else ranges.push([cycle, cycle]);
  }
  return ranges.map(([first, end]) => (first === end ? `${first}` : `${first} to ${end}`)).join(', ');
}
