// What the command line uses of iced-x86, by name: the bundles bring along only that.

export { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
