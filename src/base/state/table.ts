// The mechanism of the state table. Each field is declared once (name, type, count, saved or not, what it is); its offset, its
// typed view, its part in snapshots and its line in the docs come from the declaration. No offset is written twice.

import { InputError } from '../errors.ts';
import type { LinearMemory } from '../linear-memory.ts';
import { alignUp } from '../paging-units.ts';

export type FieldType = 'u8' | 'u16' | 'u32' | 'i32' | 'u64';

export const FIELD_BYTES: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 };

export interface FieldSpec<T extends FieldType = FieldType> {
  readonly type: T;
  readonly count: number;
  /** Part of a snapshot. What is not saved can be derived anew or is per-run. */
  readonly saved: boolean;
  readonly doc: string;
}

export const field = <T extends FieldType>(type: T, doc: string, options: { count?: number; saved?: boolean } = {}): FieldSpec<T> => ({
  type,
  count: options.count ?? 1,
  saved: options.saved ?? true,
  doc,
});

export interface StateTable<F extends Record<string, FieldSpec>> {
  readonly name: string;
  readonly fields: F;
  /** Byte offset of each field in the block. */
  readonly offset: { readonly [K in keyof F]: number };
  /** Bytes of the whole block, a multiple of 64. */
  readonly size: number;
}

/** Lays the fields out in order, each aligned to its own type. */
export function stateTable<F extends Record<string, FieldSpec>>(name: string, fields: F): StateTable<F> {
  const offset = {} as { [K in keyof F]: number };
  let end = 0;
  for (const key of Object.keys(fields) as (keyof F)[]) {
    const { type, count } = fields[key];
    end = alignUp(end, FIELD_BYTES[type]);
    offset[key] = end;
    end += FIELD_BYTES[type] * count;
  }
  return { name, fields, offset, size: alignUp(end, 64) };
}

interface Views {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  i32: Int32Array;
  u64: BigUint64Array;
}

export type StateViews<F extends Record<string, FieldSpec>> = { readonly [K in keyof F]: Views[F[K]['type']] };

const VIEWS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, u64: BigUint64Array };

/** One typed array per field over the block at byte `base` of the linear memory: `views.cr0[0]`, `views.gpr[3]`. */
export function viewsOf<F extends Record<string, FieldSpec>>(table: StateTable<F>, memory: LinearMemory, base: number): StateViews<F> {
  const buffer = memory.memory.buffer as ArrayBuffer;
  const view = ([key, { type, count }]: [string, FieldSpec]) => [key, new VIEWS[type](buffer, base + table.offset[key], count)];
  // Made in one go: V8 would turn an object that is given so many properties by computed keys into a dictionary, which is slow to read.
  return Object.fromEntries(Object.entries(table.fields).map(view)) as StateViews<F>;
}

/** Plain data of a block: u64 as hexadecimal strings, the rest as numbers; arrays where count > 1. */
export type SavedBlock = { readonly [field: string]: number | string | readonly (number | string)[] };

export function saveBlock<F extends Record<string, FieldSpec>>(table: StateTable<F>, views: StateViews<F>): SavedBlock {
  const out: Record<string, number | string | (number | string)[]> = {};
  for (const [key, spec] of Object.entries(table.fields)) {
    if (!spec.saved) continue;
    const values = Array.from(views[key] as ArrayLike<number | bigint>, (x) => (typeof x === 'bigint' ? `0x${x.toString(16)}` : x));
    out[key] = spec.count === 1 ? values[0] : values;
  }
  return out;
}

/** Fills the block from what `saveBlock` gave. InputError, and nothing changes, if `saved` is something else. */
export function restoreBlock<F extends Record<string, FieldSpec>>(table: StateTable<F>, views: StateViews<F>, saved: SavedBlock): void {
  const fields = Object.entries(table.fields).filter(([, spec]) => spec.saved);
  const values = fields.map(([key, spec]) => fieldValues(`saved ${table.name} state: field ${key}`, spec, saved[key]));
  fields.forEach(([key, { type }], n) => {
    if (type === 'u64') (views[key] as BigUint64Array).set(values[n].map(BigInt));
    else (views[key] as Uint32Array).set(values[n].map(Number));
  });
}

const HEX_64 = /^0x[0-9a-f]{1,16}$/;

function fieldValues(what: string, { type, count }: FieldSpec, value: unknown): readonly (number | string)[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === undefined || values.length !== count) throw new InputError(`${what} is missing or has the wrong length`);
  const range = 2 ** (8 * FIELD_BYTES[type]);
  const lowest = type === 'i32' ? -range / 2 : 0;
  const fits = (x: unknown): x is number | string => {
    if (type === 'u64') return typeof x === 'string' && HEX_64.test(x);
    return Number.isInteger(x) && (x as number) >= lowest && (x as number) < lowest + range;
  };
  if (!values.every(fits)) throw new InputError(`${what} is no ${type}`);
  return values;
}
