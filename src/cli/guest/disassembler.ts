// Disassembly, by iced-x86, for --trace instructions and for where a run stopped. Tidemark uses no other package at run time, and this
// one only to show instructions. A disassembler of our own would share the mistakes of the decoder whose work the trace is to show.

import { InputError } from '../../base/errors.ts';
import type * as Iced from './iced.ts';
import { operandReader } from './trace/operands.ts';
import type { Operands } from './trace/operands.ts';

export interface Disassembled {
  /** In Intel's syntax. */
  readonly text: string;
  readonly length: number;
  /** Of a near branch, the offset that it leads to; else null. */
  readonly target: bigint | null;
}

/** The instruction at the start of `bytes`. `rip` is its address. */
export type Disassemble = (bytes: Uint8Array, bitness: 16 | 32 | 64, rip: bigint) => Disassembled;

/** The same, with what the instruction reads and writes. */
export type DisassembleOperands = (...where: Parameters<Disassemble>) => Disassembled & { readonly operands: Operands };

/** Loads the package. InputError if its files are gone. */
export async function loadDisassembler(): Promise<Disassemble> {
  const iced = await load();
  const formatter = intelSyntax(iced);
  return (...where) => decoded(iced, where, (instruction) => shown(formatter, instruction));
}

/** As `loadDisassembler`, for what shows operands. */
export async function loadOperands(): Promise<DisassembleOperands> {
  const iced = await load();
  const formatter = intelSyntax(iced);
  const operandsOf = operandReader(iced, formatter);
  return (...where) =>
    decoded(iced, where, (instruction) => {
      const result = shown(formatter, instruction);
      return { ...result, operands: operandsOf(instruction, result.text) };
    });
}

const load = (): Promise<typeof Iced> =>
  import('./iced.ts').catch(() => {
    throw new InputError('--trace instructions needs iced-x86, which is missing beside this program');
  });

function intelSyntax({ Formatter, FormatterSyntax }: typeof Iced): Iced.Formatter {
  const formatter = new Formatter(FormatterSyntax.Intel);
  return Object.assign(formatter, { hexPrefix: '0x', hexSuffix: '', uppercaseHex: false, spaceAfterOperandSeparator: true });
}

/** What `look` makes of the instruction, which is freed then: it lies in WebAssembly's memory. */
function decoded<T>(
  { Decoder, DecoderOptions }: typeof Iced,
  [bytes, bitness, rip]: Parameters<Disassemble>,
  look: (instruction: Iced.Instruction) => T,
): T {
  const decoder = new Decoder(bitness, bytes, DecoderOptions.None);
  decoder.ip = rip;
  const instruction = decoder.decode();
  try {
    return look(instruction);
  } finally {
    instruction.free();
    decoder.free();
  }
}

function shown(formatter: Iced.Formatter, instruction: Iced.Instruction): Disassembled {
  const { length, isJccShortOrNear, isJmpShortOrNear, isCallNear } = instruction;
  const isNear = isJccShortOrNear || isJmpShortOrNear || isCallNear;
  return { text: formatter.format(instruction), length, target: isNear ? instruction.nearBranchTarget : null };
}
