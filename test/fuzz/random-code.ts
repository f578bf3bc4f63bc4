// Bytes to execute: noise, noise that looks like code, and guests with some bytes changed.

import { readFileSync } from 'node:fs';

/** A whole number from 0 up to and without `below`. */
export type Random = (below: number) => number;

/** Opcodes that random bytes hit seldom and that reach deep: two-byte ones, system instructions, string forms, far transfers. */
// biome-ignore format: a table
const OPENINGS: readonly (readonly number[])[] = [
  [0x0f], [0x0f, 0x01], [0x0f, 0x20], [0x0f, 0x22], [0x0f, 0x30], [0x0f, 0x32], [0x0f, 0xa2], [0x0f, 0xc7], [0x0f, 0xae], [0x0f, 0xb0],
  [0xf0], [0xf2], [0xf3], [0xf3, 0xa4], [0xf3, 0xab], [0xf2, 0xae], [0x66], [0x67], [0x2e], [0x64], [0x48], [0x4c], [0x41],
  [0x8e], [0x8c], [0xcf], [0xcb], [0x9a], [0xea], [0xff], [0xe8], [0xeb], [0x74], [0xe2], [0xcd], [0xcc], [0xfa], [0xfb], [0x9c], [0x9d],
  [0xe4], [0xe6], [0xec], [0xee], [0x6c], [0x6e], [0xc8], [0xc9], [0x0f, 0x05], [0x0f, 0x07], [0x0f, 0x34], [0x0f, 0x35],
  [0x89], [0x8b], [0x88], [0x01], [0x03], [0x31], [0xc7], [0x80], [0x81], [0xd3], [0xf7], [0x0f, 0xba], [0x0f, 0xab], [0x0f, 0xb1],
];

export function noise(random: Random, length: number): number[] {
  return Array.from({ length }, () => random(256));
}

/** Noise in which most instructions begin like one that exists. */
export function codeLike(random: Random, length: number): number[] {
  const bytes: number[] = [];
  while (bytes.length < length) bytes.push(...OPENINGS[random(OPENINGS.length)], ...noise(random, random(5)));
  return bytes.slice(0, length);
}

const GUESTS = [
  'dirtier/dirtier-32',
  'dirtier/dirtier-64',
  'plain32/plain32',
  'plain64/plain64',
  'sort/sort-32',
  'triple-fault/triple-fault',
];

/** A guest image of the project with one to forty of its bytes changed. */
export function mutatedGuest(random: Random): { readonly name: string; readonly bytes: Uint8Array } {
  const name = GUESTS[random(GUESTS.length)];
  const bytes = new Uint8Array(readFileSync(new URL(`../../guests/${name}.elf`, import.meta.url)));
  for (let n = 1 + random(40); n > 0; n--) bytes[random(bytes.length)] = random(4) === 0 ? random(256) : bytes[random(bytes.length)];
  return { name, bytes };
}
