// The registers of a device as a declared schema, so that save, restore and the refusal of garbage are written once.

import type { DeviceState } from '../base/device.ts';
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
export type StateSchema = { readonly [field: string]: IntField | ListField };

/** An integer in min … max. Flags are int(1). */
export const int = (max: number, min = 0): IntField => ({ kind: 'int', min, max });
/** Up to `maxLength` integers in 0 … max. */
export const list = (max: number, maxLength: number): ListField => ({ kind: 'list', max, minLength: 0, maxLength });
/** Exactly `length` integers in 0 … max: a bank of registers. */
export const bank = (max: number, length: number): ListField => ({ kind: 'list', max, minLength: length, maxLength: length });

export type StateOf<S extends StateSchema> = { [K in keyof S]: S[K] extends ListField ? number[] : number };

const isInt = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;

/** A copy that shares nothing with the device. */
export function copyState(state: DeviceState): DeviceState {
  const copy: Record<string, DeviceState[string]> = {};
  for (const [key, value] of Object.entries(state)) copy[key] = Array.isArray(value) ? value.slice() : value;
  return copy;
}

/** Checks `state` against `schema` and returns a private copy. InputError names the device and the first field that is wrong. */
export function checkState<S extends StateSchema>(device: string, schema: S, state: DeviceState): StateOf<S> {
  if (typeof state !== 'object' || state === null || Array.isArray(state)) {
    throw new InputError(`saved state of ${device} is not an object`);
  }
  for (const key of Object.keys(state)) {
    if (!Object.hasOwn(schema, key)) throw new InputError(`saved state of ${device} has an unknown field ${JSON.stringify(key)}`);
  }
  const checked: Record<string, number | number[]> = {};
  for (const [key, field] of Object.entries(schema)) {
    const value: unknown = Object.hasOwn(state, key) ? state[key] : undefined;
    if (field.kind === 'int') {
      if (!isInt(value, field.min, field.max)) {
        throw new InputError(`saved state of ${device}: ${key} is not an integer in ${field.min}…${field.max}`);
      }
      checked[key] = value as number;
    } else {
      const { max, minLength, maxLength } = field;
      const fits = Array.isArray(value) && value.length >= minLength && value.length <= maxLength;
      if (!fits || !value.every((item) => isInt(item, 0, max))) {
        const length = minLength === 0 ? `at most ${maxLength}` : maxLength;
        throw new InputError(`saved state of ${device}: ${key} is not a list of ${length} integers in 0…${max}`);
      }
      checked[key] = value.slice() as number[];
    }
  }
  return checked as StateOf<S>;
}
