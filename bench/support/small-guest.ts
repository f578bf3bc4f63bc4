// Loops of a few instructions as multiboot kernels in flat 32-bit code, so that they run in v86 too: they print `start`, run the
// loop, print `done` and halt.

export type Item =
  | number
  | { readonly at: string }
  | { readonly near: readonly number[]; readonly to: string }
  | { readonly absolute: string };

/** Where the image is loaded, and its code begins. */
export const BASE = 0x100000;
const HEADER = 32;
const SERIAL = 0x3f8;
const STACK = 0x90000;

export const word = (n: number): number[] => [n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, n >>> 24];

/** mov dx, port; then for each character: mov al, c; out dx, al */
const print = (text: string): number[] => [
  0x66,
  0xba,
  SERIAL & 0xff,
  SERIAL >> 8,
  ...[...text].flatMap((c) => [0xb0, c.charCodeAt(0), 0xee]),
];

/** Jumps have 32-bit distances; `absolute` is the address of a place. */
function assemble(items: readonly Item[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const places = new Map<string, number>();
  const fields: { at: number; to: string; relative: boolean }[] = [];
  for (const item of items) {
    if (typeof item === 'number') bytes.push(item);
    else if ('at' in item) places.set(item.at, bytes.length);
    else if ('near' in item) {
      bytes.push(...item.near);
      fields.push({ at: bytes.length, to: item.to, relative: true });
      bytes.push(0, 0, 0, 0);
    } else {
      fields.push({ at: bytes.length, to: item.absolute, relative: false });
      bytes.push(0, 0, 0, 0);
    }
  }
  for (const { at, to, relative } of fields) {
    const place = places.get(to);
    if (place === undefined) throw new Error(`there is no place ${to}`);
    bytes.splice(at, 4, ...word(relative ? place - (at + 4) : BASE + place));
  }
  return Uint8Array.from(bytes);
}

/** A multiboot image (Multiboot Specification 0.6.96, "The address fields of Multiboot header") that runs `items` `laps` times. */
export function loopImage(
  laps: number,
  setup: readonly Item[],
  body: readonly Item[],
  behind: readonly Item[] = [],
): Uint8Array<ArrayBuffer> {
  const [magic, flags] = [0x1badb002, 0x10000];
  const header = [magic, flags, -(magic + flags), BASE, BASE, 0, 0, BASE + HEADER].flatMap(word);
  return assemble([
    ...header,
    // cli; mov esp, STACK
    0xfa,
    0xbc,
    ...word(STACK),
    ...print('start\n'),
    ...setup,
    0xb9,
    ...word(laps),
    { at: 'lap' },
    ...body,
    // dec ecx; jnz lap
    0x49,
    { near: [0x0f, 0x85], to: 'lap' },
    ...print('done\n'),
    { at: 'end' },
    0xf4,
    { near: [0xe9], to: 'end' },
    ...behind,
  ]);
}
