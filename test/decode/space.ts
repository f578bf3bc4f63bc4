// The opcode space, systematically: every one- and two-byte opcode, and the three-byte maps, with ModRM samples and prefixes.

export const BITNESS = { 2: 16, 4: 32, 8: 64 } as const;

/** Every reg with a register form, and memory forms of several shapes. */
const MODRM = [
  ...Array.from({ length: 8 }, (_, reg) => [0xc1 | (reg << 3)]),
  ...Array.from({ length: 8 }, (_, reg) => [0x03 | (reg << 3)]),
  ...Array.from({ length: 8 }, (_, rm) => [0xc0 | (rm << 3) | ((rm * 5 + 2) & 7)]),
  ...Array.from({ length: 8 }, (_, reg) => [0x44 | (reg << 3), 0x8d, 0x80]),
  [0x05],
  [0x86],
  [0xd0],
  [0xf9],
  [0xf8],
  [0xfa],
  [0xc8],
  [0xca],
  [0xcb],
];
/** Every register form of the x87 escapes. */
const ESCAPES = [0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf];
const REGISTER_FORMS = Array.from({ length: 64 }, (_, n) => [0xc0 + n]);
const FILL = [0x91, 0x22, 0xf3, 0x84, 0x75, 0x06, 0x97, 0x18, 0xe9, 0x7a, 0x1b, 0x2c, 0x3d, 0x4e];

const LEGACY_PREFIXES = [[], [0x66], [0x67], [0xf2], [0xf3], [0xf0], [0x64], [0x36], [0x66, 0xf3], [0x66, 0xf2], [0xf2, 0xf3, 0x66, 0x67]];
const REX_PREFIXES = [
  [0x40],
  [0x41],
  [0x44],
  [0x48],
  [0x4f],
  [0x66, 0x48],
  [0xf3, 0x48],
  [0xf3, 0x41],
  [0x65, 0x2e, 0x45],
  [0x48, 0x66],
  [0xf0, 0x49],
];

function pad(...parts: readonly (readonly number[])[]): Uint8Array {
  // Byte by byte, because there are more than a million.
  const bytes = new Uint8Array(15);
  let at = 0;
  for (const part of parts) for (let n = 0; n < part.length; n++) bytes[at++] = part[n]!;
  for (let n = 0; at < bytes.length; n++) bytes[at++] = FILL[n]!;
  return bytes;
}

/** All instructions of the space in code of `mode` bytes. The array yielded is 15 bytes long. */
export function* opcodeSpace(mode: 2 | 4 | 8): Generator<Uint8Array> {
  const prefixes = mode === 8 ? [...LEGACY_PREFIXES, ...REX_PREFIXES] : LEGACY_PREFIXES;
  const opcodes: number[][] = [];
  for (let op = 0; op < 256; op++) {
    opcodes.push([op], [0x0f, op]);
    // of the three-byte maps only rows near what exists matter; the rest is vector instructions
    if (op >= 0xc0 || op === 0x82 || op % 16 === 0) opcodes.push([0x0f, 0x38, op], [0x0f, 0x3a, op]);
  }
  for (const prefix of prefixes) {
    for (const opcode of opcodes) {
      for (const modrm of MODRM) yield pad(prefix, opcode, modrm);
    }
    for (const escape of ESCAPES) for (const modrm of REGISTER_FORMS) yield pad(prefix, [escape], modrm);
  }
}

/** Every ModRM byte with several SIB bytes, for addressing, under `prefixes` with MOV r, r/m. */
export function* addressingSpace(mode: 2 | 4 | 8): Generator<Uint8Array> {
  const prefixes = [[], [0x67], [0x64], [0x26], ...(mode === 8 ? [[0x48], [0x41], [0x42], [0x43], [0x4f], [0x67, 0x47]] : [])];
  for (const prefix of prefixes) {
    for (let modrm = 0; modrm < 256; modrm++) {
      const hasSib = (modrm & 7) === 4 && modrm < 0xc0;
      for (let sib = 0; sib < (hasSib ? 256 : 1); sib++) yield pad(prefix, [0x8b, modrm], hasSib ? [sib] : []);
    }
  }
}
