// A container's header: a JSON object, in which bytes (Uint8Array) may stand anywhere. The bytes lie one after the other behind the
// text; {"$bytes": [offset, length]} in the text refers to them.

import { InternalError } from '../base/errors.ts';

export type Header = { readonly [name: string]: unknown };

const BYTES = '$bytes';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The text, and what it refers to as one piece. */
export function encodeHeader(header: Header): { readonly text: Uint8Array; readonly attachments: Uint8Array } {
  const parts: Uint8Array[] = [];
  let length = 0;
  const json = JSON.stringify(header, function (this: Record<string, unknown>, key, given: unknown) {
    // Not `given`: a Buffer has been through a toJSON of its own there.
    const value = this[key];
    if (!(value instanceof Uint8Array)) {
      if (isObject(given) && Object.hasOwn(given, BYTES)) throw new InternalError(`saved state has a field named ${BYTES}`);
      return given;
    }
    parts.push(value);
    length += value.length;
    return { [BYTES]: [length - value.length, value.length] };
  });
  const attachments = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    attachments.set(part, at);
    at += part.length;
  }
  return { text: new TextEncoder().encode(json), attachments };
}

/** The header again; bytes in it are copies. A string instead says what is wrong. */
export function decodeHeader(text: Uint8Array, attachments: Uint8Array): Header | string {
  let wrong: string | null = null;
  const revive = (_key: string, value: unknown): unknown => {
    if (!isObject(value) || !Object.hasOwn(value, BYTES)) return value;
    const place = placeOf(value[BYTES], attachments.length);
    if (place === null || Object.keys(value).length > 1) {
      wrong ??= `the header refers to bytes that there are not: ${JSON.stringify(value[BYTES])}`;
      return null;
    }
    return attachments.slice(place.offset, place.offset + place.length);
  };
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text), revive);
    if (wrong !== null) return wrong;
    if (isObject(header) && !Array.isArray(header) && !(header instanceof Uint8Array)) return header;
  } catch {
    // Said below: what the parser says of arbitrary bytes helps nobody.
  }
  return 'the header is not a JSON object';
}

function placeOf(value: unknown, end: number): { readonly offset: number; readonly length: number } | null {
  if (!Array.isArray(value) || value.length !== 2 || !value.every((n) => Number.isSafeInteger(n) && n >= 0)) return null;
  const [offset, length] = value as [number, number];
  return offset + length <= end ? { offset, length } : null;
}
