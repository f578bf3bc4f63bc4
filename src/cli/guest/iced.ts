// What the command line uses of iced-x86, by name: the bundles bring along only that.

export { Decoder, DecoderOptions, Formatter, FormatterSyntax, InstructionInfoFactory, MemorySizeExt, OpAccess, OpKind } from 'iced-x86';
export type { Instruction } from 'iced-x86';
