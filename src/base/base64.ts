// Base64 (RFC 4648) for bytes that lie in saved states, which are JSON.

import { InputError } from './errors.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = Math.min(4, bytes.length - at + 1);
    for (let n = 0; n < 4; n++) text += n < digits ? DIGITS[(group >> (18 - 6 * n)) & 63]! : '=';
  }
  return text;
}

/** The `length` bytes that `text` stands for. InputError, naming `what`, if it is not exactly what `toBase64` gives for so many. */
export function fromBase64(text: string, length: number, what: string): Uint8Array {
  const refuse = (): never => {
    throw new InputError(`${what} is not base64 of ${length} bytes`);
  };
  if (text.length !== 4 * Math.ceil(length / 3)) refuse();
  const bytes = new Uint8Array(length);
  for (let at = 0, from = 0; at < length; at += 3, from += 4) {
    let group = 0;
    for (let n = 0; n < 4; n++) {
      const digit = DIGITS.indexOf(text[from + n]!);
      const padding = at + n > length;
      if (padding ? text[from + n] !== '=' : digit < 0) refuse();
      group = (group << 6) | (padding ? 0 : digit);
    }
    for (let n = 0; n < 3 && at + n < length; n++) bytes[at + n] = (group >> (16 - 8 * n)) & 0xff;
  }
  if (toBase64(bytes) !== text) refuse();
  return bytes;
}
