// Two machines that ought to be equal, compared cheaply: the bytes of their linear memories first, and only where those
// differ what they mean.

import { isDeepStrictEqual } from 'node:util';
import { INTERNALS } from '../../../src/base/internals.ts';
import { VCPU_STATE } from '../../../src/base/state/vcpu.ts';
import { TLB_LAYOUT } from '../../../src/mmu/tlb-layout.ts';
import type { Vm } from '../../../src/vm/vm.ts';

const PAGE = 4096;
const fieldsOf = (saved: boolean): number[] =>
  Object.entries(VCPU_STATE.fields)
    .filter(([, field]) => field.saved === saved)
    .map(([name]) => VCPU_STATE.offset[name as keyof typeof VCPU_STATE.offset]);
/** The saved fields of a vCPU's state come first in its table: what one engine keeps for itself stands behind them. */
export const SAVED_BYTES = Math.min(...fieldsOf(false));
export const LAST_SAVED = Math.max(...fieldsOf(true));
/** What of a TLB is saved, or says what is. */
const TLB_FIELDS = ['readTag', 'place', 'info', 'occupied'] as const;

const bytesOf = (vm: Vm, offset: number, length: number): Buffer => Buffer.from(vm[INTERNALS].memory.memory.buffer, offset, length);

const sameBytes = (a: Vm, b: Vm, offset: number, length: number): boolean => bytesOf(a, offset, length).equals(bytesOf(b, offset, length));

function tlbsLookEqual(a: Vm, b: Vm): boolean {
  const { plan, cpus } = a[INTERNALS].parts;
  const fields = Object.entries(TLB_LAYOUT.offset).sort(([, x], [, y]) => x - y);
  return cpus.every((_, n) =>
    TLB_FIELDS.every((name) => {
      const at = fields.findIndex(([field]) => field === name);
      const end = fields[at + 1]?.[1] ?? TLB_LAYOUT.size;
      return sameBytes(a, b, plan['tlb']!.offset + n * TLB_LAYOUT.size + TLB_LAYOUT.offset[name], end - TLB_LAYOUT.offset[name]);
    }),
  );
}

/** A plain value in one line. */
export const text = (value: unknown): string =>
  JSON.stringify(value, (_key, x: unknown) => (typeof x === 'bigint' ? `0x${x.toString(16)}` : x)) ?? 'undefined';

/** Paths at which two plain values differ, as lines. */
function differences(a: unknown, b: unknown, path: string): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  const isTree = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
  if (!isTree(a) || !isTree(b)) return [`${path}: ${text(a)} and ${text(b)}`];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => differences(a[key], b[key], `${path}.${key}`));
}

function differentMemory(a: Vm, b: Vm): string[] {
  const { plan } = a[INTERNALS].parts;
  const { offset, bytes } = plan['ram']!;
  if (sameBytes(a, b, offset, bytes)) return [];
  return a.memslots.flatMap(({ guestPhysAddr, memorySize }) => {
    const out: string[] = [];
    for (let gpa = guestPhysAddr; gpa < guestPhysAddr + memorySize; gpa += PAGE) {
      const x = a.page(gpa / PAGE)!;
      const y = b.page(gpa / PAGE)!;
      const at = x.findIndex((byte, n) => byte !== y[n]);
      const bytes = (page: Uint8Array): string => text([...page.subarray(at, at + 8)]);
      if (at >= 0) out.push(`memory at 0x${(gpa + at).toString(16)}: ${bytes(x)} and ${bytes(y)}`);
    }
    return out;
  });
}

/** What differs between the two machines, as lines; `whole` looks at devices too. */
export function compareMachines(a: Vm, b: Vm, whole = true): string[] {
  const { plan, cpus } = a[INTERNALS].parts;
  const looksEqual = cpus.every((_, n) => sameBytes(a, b, plan['vcpu']!.offset + n * VCPU_STATE.size, SAVED_BYTES)) && tlbsLookEqual(a, b);
  const state = looksEqual && !whole ? [] : differences(a.save(), b.save(), 'state');
  return [...state, ...differentMemory(a, b)];
}
