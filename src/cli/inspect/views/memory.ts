// Bytes of memory as a hex dump, by guest-physical or by linear address.

import { InputError } from '../../../base/errors.ts';
import { PAGE_SIZE } from '../../../base/paging-units.ts';
import type { Vm } from '../../../vm/vm.ts';
import { GuestTables } from '../guest-tables.ts';
import { bytesText, linearText } from './view.ts';
import type { View } from './view.ts';

/** Bytes asked for: `length` from `start` on. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

const PER_LINE = 16;

/** Bytes at guest-physical addresses. InputError where there is no RAM. */
export function physicalView(vm: Vm, { start, length }: Range): View {
  const bytes = new Uint8Array(length);
  for (const part of pagesOf(start, length)) bytes.set(within(vm, part.at, part.length, ''), part.done);
  return { text: hexDump(bytes, start), data: { gpa: start, bytes: hexOf(bytes) } };
}

/** Bytes at linear addresses of vCPU `vcpu`, the high half negative. InputError where its tables map no page, or none of RAM. */
export function linearView(vm: Vm, vcpu: number, { start, length }: Range): View {
  const tables = new GuestTables(vm, vcpu);
  const bytes = new Uint8Array(length);
  const pages: { readonly linear: string; readonly gpa: number }[] = [];
  for (const { at, done, length: inPage } of pagesOf(start, length)) {
    const { gpa } = tables.look(at);
    if (gpa === null) throw new InputError(`no page is mapped at linear address ${linearText(at)} of vCPU ${vcpu}: --walk shows why`);
    bytes.set(within(vm, gpa, inPage, `, to which linear address ${linearText(at)} leads`), done);
    pages.push({ linear: linearText(at), gpa });
  }
  return {
    text: [...pages.map(({ linear, gpa }) => `${linear} is at guest-physical ${linearText(gpa)}`), ...hexDump(bytes, start)],
    data: { linear: linearText(start), vcpu, pages, bytes: hexOf(bytes) },
  };
}

function within(vm: Vm, gpa: number, length: number, why: string): Uint8Array {
  const page = vm.page(Math.floor(gpa / PAGE_SIZE));
  if (page === null) throw new InputError(`there is no RAM at guest-physical address ${linearText(gpa)}${why}`);
  return page.subarray(gpa % PAGE_SIZE, (gpa % PAGE_SIZE) + length);
}

/** A range cut at page boundaries: each part's address, the bytes before it, its length. */
export function* pagesOf(
  start: number,
  length: number,
): Generator<{ readonly at: number; readonly done: number; readonly length: number }> {
  for (let done = 0; done < length; ) {
    const at = start + done;
    const offset = ((at % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE;
    const inPage = Math.min(PAGE_SIZE - offset, length - done);
    yield { at, done, length: inPage };
    done += inPage;
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Lines of 16 bytes; `*` stands for lines like the one before it. */
function hexDump(bytes: Uint8Array, start: number): string[] {
  const lines: string[] = [];
  let last = '';
  let isRepeating = false;
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const row = bytes.subarray(at, at + PER_LINE);
    const hex = bytesText(row);
    const repeats = hex === last && at + PER_LINE < bytes.length;
    if (!repeats) lines.push(`${linearText(start + at).slice(2)}  ${hex.padEnd(3 * PER_LINE)} |${printable(row)}|`);
    else if (!isRepeating) lines.push('*');
    isRepeating = repeats;
    last = hex;
  }
  return lines;
}

const printable = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
