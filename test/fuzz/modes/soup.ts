// Random instructions for a mode: opcodes anywhere in the maps with random prefixes, operands that mostly reach memory, and
// among them phrases that chance alone would hardly form (segment loads, far transfers, INT, changes of the code itself).

import { CodeMode } from '../../../src/cpu/builder/insn.ts';
import { DEFAULT_MODEL } from '../../../src/cpu/arch/model.ts';
import { decode } from '../../../src/cpu/decode/decode.ts';
import type { Mnemonic } from '../../../src/cpu/decode/mnemonic.ts';
import { codeLike } from '../random-code.ts';
import type { Random } from '../random-code.ts';
import { CODE, DATA, EXTRA, SEL, STACK } from './layout.ts';
import type { Mode } from './modes.ts';

const BITS16 = CodeMode.BITS16;
const BITS64 = CodeMode.BITS64;
const PREFIXES = [0x66, 0x66, 0x66, 0x67, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3];

/** What leaves the mode for good, or waits, and would be all that a run gets to; one in sixteen stays. */
// biome-ignore format: a table
const SELDOM: ReadonlySet<Mnemonic> = new Set<Mnemonic>([
  'UD', 'HLT', 'INT3', 'MOV_TO_CR', 'LMSW', 'LGDT', 'LIDT', 'LLDT', 'LTR', 'WRMSR', 'SYSCALL', 'SYSENTER', 'SYSRET', 'SYSEXIT',
  'JMP_FAR', 'CALL_FAR', 'JMP_FAR_MEM', 'CALL_FAR_MEM', 'RET_FAR', 'RET_FAR_IMM', 'IRET', 'JMP', 'CALL', 'RET', 'RET_IMM', 'MOV_TO_DR',
  'TOO_LONG', 'SWAPGS',
]);

// biome-ignore format: a table
const PRIVILEGED: ReadonlySet<Mnemonic> = new Set<Mnemonic>([
  'IN', 'OUT', 'INS', 'OUTS', 'CLI', 'STI', 'CLTS', 'INVLPG', 'INVPCID', 'INVD', 'WBINVD', 'RDMSR', 'MOV_FROM_CR', 'MOV_FROM_DR', 'RDPMC',
  'INT', 'POP_SREG', 'MOV_TO_SREG', 'LOAD_FAR_POINTER', 'BOUND',
]);

const low = (x: number, bytes: number): number[] => Array.from({ length: bytes }, (_, n) => Math.floor(x / 2 ** (8 * n)) & 0xff);

/** A number to be a displacement or an immediate: small, or an address of the data, or anything. */
function tail({ addressing }: Mode, random: Random): number[] {
  switch (random(8)) {
    case 0:
      return [random(256), random(256), random(256), random(256)];
    case 1:
      return low(addressing === 'flat' ? DATA + random(0x8000) : random(0x3000), 4);
    case 2:
      return low(addressing === 'flat' ? STACK + random(0x4000) : 0xffff - random(16), 4);
    default:
      return low(random(128) - 64, 4);
  }
}

function opcode(random: Random): number[] {
  if (random(4) > 0) return [random(256)];
  return random(8) > 0 ? [0x0f, random(256)] : [0x0f, 0x38, random(2) === 0 ? 0xf0 + random(2) : random(256)];
}

/** One instruction, cut to its length by the decoder. */
export function instruction(mode: Mode, random: Random): number[] {
  for (;;) {
    const prefixes = Array.from({ length: [0, 0, 0, 1, 1, 2][random(6)]! }, () => PREFIXES[random(PREFIXES.length)]!);
    if (mode.code === BITS64 && random(2) === 0) prefixes.push(0x40 + random(16));
    const modrm = random(5) === 0 ? random(256) : [0xc0, 0xc0, 0x00, 0x40, 0x80][random(5)]! | random(64);
    const bytes = [...prefixes, ...opcode(random), modrm, ...tail(mode, random), ...tail(mode, random), ...tail(mode, random)];
    let at = 0;
    const { length, mnemonic } = decode(() => bytes[at++]!, mode.code, DEFAULT_MODEL.features);
    const seldom = SELDOM.has(mnemonic) || (mode.cpl === 3 && PRIVILEGED.has(mnemonic));
    if (!seldom || random(16) === 0) return bytes.slice(0, length);
  }
}

const SELECTORS: readonly number[] = Object.values(SEL);
const PARAGRAPHS = [CODE, DATA, STACK, EXTRA, DATA + 0x1000, STACK + 0xff0].map((base) => base >> 4);

const selector = ({ addressing, width, rflags }: Mode, random: Random): number =>
  addressing === 'segments' && (width === 16 || (rflags & 0x20000) !== 0) && random(3) > 0
    ? PARAGRAPHS[random(PARAGRAPHS.length)]!
    : random(8) === 0
      ? random(0x10000)
      : SELECTORS[random(SELECTORS.length)]! ^ (random(6) === 0 ? random(8) : 0);

const FLAGS = [0x100, 0x4000, 0x200, 0x400, 0x3000, 0x40ad5, 0x8d5];
/** `place` of the code, as it is known to far transfers: its offset in CS. */
type Phrase = (mode: Mode, random: Random, place: number) => number[];

const word = (mode: Mode): 2 | 4 => (mode.code === BITS16 ? 2 : 4);

const PHRASES: readonly Phrase[] = [
  // mov ax, selector; mov sreg, ax
  (mode, random) => [
    ...(mode.code === BITS16 ? [] : [0x66]),
    0xb8,
    ...low(selector(mode, random), 2),
    0x8e,
    0xc0 | ([0, 2, 3, 4, 5][random(5)]! << 3),
  ],
  // push selector; pop sreg
  (mode, random) => [0x68, ...low(selector(mode, random), word(mode)), ...[[0x07], [0x17], [0x1f], [0x0f, 0xa1], [0x0f, 0xa9]][random(5)]!],
  // far JMP and CALL into the code
  (mode, random, place) => [random(2) ? 0xea : 0x9a, ...low(place + random(64), word(mode)), ...low(selector(mode, random), 2)],
  // push selector; push offset; far RET
  (mode, random, place) => [0x68, ...low(selector(mode, random), word(mode)), 0x68, ...low(place + random(64), word(mode)), 0xcb],
  // pushf; push selector; push offset; IRET
  (mode, random, place) => [0x9c, 0x68, ...low(selector(mode, random), word(mode)), 0x68, ...low(place + random(64), word(mode)), 0xcf],
  // flags by way of the stack: TF, NT, IF, DF, IOPL, AC among them
  (mode, random) => [...(random(4) ? [] : [0x66]), 0x68, ...low(FLAGS[random(FLAGS.length)]!, word(mode)), 0x9d],
  (_mode, random) => [0xcd, random(4) ? random(0x30) : random(256)],
  // a string instruction with a small count
  (mode, random) => [
    0xb9,
    ...low([0, 1, 2, 5, 17, 40][random(6)]!, word(mode)),
    ...[[0xf3], [0xf2], [0xf3, 0x66], [0x67, 0xf3], [0x26, 0xf3]][random(5)]!,
    [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x6c, 0x6e][random(12)]!,
  ],
  // a store into the code a little further on: seldom, since it is decoded anew each time
  (mode, random, place) => {
    const ahead = random(64);
    const value = random(256);
    if (random(5) > 0) return instruction(mode, random);
    if (mode.code === BITS16) return [0x2e, 0xc6, 0x06, ...low(place + ahead, 2), value];
    return [0xc6, 0x05, ...low(mode.code === BITS64 ? ahead : CODE + place + ahead, 4), value];
  },
  // short loops
  (mode, random) => [0xb9, ...low(1 + random(20), word(mode)), ...instruction(mode, random), 0xe2, 0xfc],
  (_mode, random) => codeLike(random, 1 + random(8)),
  // PUSHA, POPA, ENTER, LEAVE
  (_mode, random) => [[0x60, 0x61], [0x60], [0x61], [0xc8, random(64), 0, random(4)], [0xc9], [0xc8, 8, 0, 1, 0xc9]][random(6)]!,
  // decimal
  (_mode, random) => [[0x27], [0x2f], [0x37], [0x3f], [0xd4, 10], [0xd5, 10], [0xd4, 0]][random(7)]!,
  // a data breakpoint, or one on the instructions that follow
  (mode, random) => {
    const wide = mode.code === BITS16 ? [0x66] : [];
    const at = [DATA + random(0x2000), CODE + 0x1000 + random(64)][random(2)]!;
    if (mode.code === BITS64 || mode.cpl === 3 || random(4) > 0) return instruction(mode, random);
    const dr7 = [0x402, 0xd0402, 0xf0402, 0x10402, 0x400, 0x400][random(6)]!;
    return [...wide, 0xb8, ...low(at, 4), 0x0f, 0x23, 0xc0, ...wide, 0xb8, ...low(dr7, 4), 0x0f, 0x23, 0xf8];
  },
];

/** Some instructions that belong together, to be placed at offset `place` of CS. */
export const phrase: Phrase = (mode, random, place) => PHRASES[random(PHRASES.length)]!(mode, random, place);

/** Instructions of about `length` bytes, to be placed at offset `at` of CS, ending in a jump to their start; and where each begins. */
export function soup(mode: Mode, random: Random, length: number, at: number): { bytes: number[]; starts: number[] } {
  const bytes: number[] = [];
  const starts: number[] = [];
  while (bytes.length < length) {
    starts.push(at + bytes.length);
    bytes.push(...(random(6) === 0 ? phrase(mode, random, at + bytes.length) : instruction(mode, random)));
  }
  const size = word(mode);
  bytes.push(0xe9, ...low(-(bytes.length + 1 + size), size));
  return { bytes, starts };
}
