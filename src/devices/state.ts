// The registers of a device as a declared schema, so that save, restore and the refusal of garbage are written once.

import type { DeviceState, StateValue } from '../base/device.ts';
import { InputError } from '../base/errors.ts';

export interface IntField {
  readonly kind: 'int';
  readonly min: number;
  readonly max: number;
}
export interface ListField {
  readonly kind: 'list';
  readonly max: number;
  readonly minLength: number;
  readonly maxLength: number;
}
export interface BytesField {
  readonly kind: 'bytes';
  readonly minLength: number;
  readonly maxLength: number;
}
export interface GroupField<S extends StateSchema = StateSchema> {
  readonly kind: 'group';
  readonly fields: S;
}
export interface StateSchema {
  readonly [field: string]: IntField | ListField | BytesField | GroupField;
}

/** An integer in min … max. Flags are int(1). */
export const int = (max: number, min = 0): IntField => ({ kind: 'int', min, max });
/** Up to `maxLength` integers in 0 … max. */
export const list = (max: number, maxLength: number): ListField => ({ kind: 'list', max, minLength: 0, maxLength });
/** Exactly `length` integers in 0 … max: a bank of registers. */
export const bank = (max: number, length: number): ListField => ({ kind: 'list', max, minLength: length, maxLength: length });
/** Bytes, a Uint8Array: exactly `maxLength`, or from `minLength` on. */
export const bytes = (maxLength: number, minLength = maxLength): BytesField => ({ kind: 'bytes', minLength, maxLength });
/** Fields of a part of the device, as an object of their own. */
export const group = <const S extends StateSchema>(fields: S): GroupField<S> => ({ kind: 'group', fields });

type ValueOf<F> = F extends ListField ? number[] : F extends BytesField ? Uint8Array : F extends GroupField<infer S> ? StateOf<S> : number;
export type StateOf<S extends StateSchema> = { -readonly [K in keyof S]: ValueOf<S[K]> };

const isInt = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** A copy that shares nothing with the device. */
export function copyState<S extends DeviceState>(state: S): S {
  return copyValue(state) as S;
}

function copyValue(value: StateValue): StateValue {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return (value as readonly StateValue[]).map(copyValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copyValue(field as StateValue)]));
}

/** Checks `state` against `schema` and returns a private copy. InputError names the device and the first field that is wrong. */
export function checkState<S extends StateSchema>(device: string, schema: S, state: StateValue): StateOf<S> {
  if (!isObject(state)) throw new InputError(`saved state of ${device} is not an object`);
  for (const key of Object.keys(state)) {
    if (!Object.hasOwn(schema, key)) throw new InputError(`saved state of ${device} has an unknown field ${JSON.stringify(key)}`);
  }
  const checked = Object.entries(schema).map(([key, field]) => {
    const value: unknown = Object.hasOwn(state, key) ? state[key] : undefined;
    if (field.kind === 'group') return [key, checkState(`${device}: ${key}`, field.fields, value as StateValue)];
    const wrong = wrongWith(field, value);
    if (wrong !== null) throw new InputError(`saved state of ${device}: ${key} is not ${wrong}`);
    return [key, copyValue(value as StateValue)];
  });
  return Object.fromEntries(checked) as StateOf<S>;
}

/** What `value` would have to be, null if it is. */
function wrongWith(field: IntField | ListField | BytesField, value: unknown): string | null {
  if (field.kind === 'int') return isInt(value, field.min, field.max) ? null : `an integer in ${field.min}…${field.max}`;
  const { minLength, maxLength } = field;
  const length = minLength === maxLength ? maxLength : `at most ${maxLength}`;
  const fits = (list: { readonly length: number }): boolean => list.length >= minLength && list.length <= maxLength;
  if (field.kind === 'bytes') return value instanceof Uint8Array && fits(value) ? null : `${length} bytes`;
  const isList = Array.isArray(value) && fits(value) && value.every((item) => isInt(item, 0, field.max));
  return isList ? null : `a list of ${length} integers in 0…${field.max}`;
}
