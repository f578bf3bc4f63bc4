// Disassembly, by iced-x86, for --trace instructions and for where a run stopped. Tidemark uses no other package at run time, and this
// one only to show instructions. A disassembler of our own would share the mistakes of the decoder whose work the trace is to show.

import { InputError } from '../../base/errors.ts';

export interface Disassembled {
  /** In Intel's syntax. */
  readonly text: string;
  readonly length: number;
  /** Of a near branch, the offset that it leads to; else null. */
  readonly target: bigint | null;
}

/** The instruction at the start of `bytes`. `rip` is its address. */
export type Disassemble = (bytes: Uint8Array, bitness: 16 | 32 | 64, rip: bigint) => Disassembled;

/** Loads the package. InputError if its files are gone. */
export async function loadDisassembler(): Promise<Disassemble> {
  const { Decoder, DecoderOptions, Formatter, FormatterSyntax } = await import('./iced.ts').catch(() => {
    throw new InputError('--trace instructions needs iced-x86, which is missing beside this program');
  });
  const formatter = new Formatter(FormatterSyntax.Intel);
  Object.assign(formatter, { hexPrefix: '0x', hexSuffix: '', uppercaseHex: false, spaceAfterOperandSeparator: true });
  return (bytes, bitness, rip) => {
    const decoder = new Decoder(bitness, bytes, DecoderOptions.None);
    decoder.ip = rip;
    const instruction = decoder.decode();
    const { length, isJccShortOrNear, isJmpShortOrNear, isCallNear } = instruction;
    const isNear = isJccShortOrNear || isJmpShortOrNear || isCallNear;
    const result = { text: formatter.format(instruction), length, target: isNear ? instruction.nearBranchTarget : null };
    instruction.free();
    decoder.free();
    return result;
  };
}
