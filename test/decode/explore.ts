// Runs both decoders over the opcode space and sorts what they say.

import { decode } from '../../src/cpu/decode/decode.ts';
import type { CodeMode, Insn } from '../../src/cpu/builder/insn.ts';
import { differences } from './compare.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';
import { icedDecode } from './iced.ts';
import type { IcedInsn } from './iced.ts';
import { BITNESS } from './space.ts';

export interface Finding {
  readonly bytes: string;
  readonly what: string;
}

export interface Exploration {
  compared: number;
  /** Both know the instruction and disagree. */
  readonly disagreements: Finding[];
  /** We decode what the other calls invalid. */
  readonly onlyOurs: Map<string, string>;
  /** The other decodes what we call UD: family → mnemonic → an example. */
  readonly missing: Map<string, Map<string, string>>;
}

/** CPUID feature by which a missing instruction is listed; of the vector encodings the encoding is enough. */
function familyOf({ code, features }: IcedInsn): string {
  const encoding = /^(VEX|EVEX|XOP|MVEX|D3NOW)_/.exec(code);
  return encoding ? encoding[1]! : features.join('+');
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Decodes `bytes` with our decoder; reading past their end is an error of the test. */
export function decodeBytes(bytes: Uint8Array, mode: CodeMode, features = ALL_FEATURES): Insn {
  let at = 0;
  return decode(
    () => {
      if (at === bytes.length) throw new RangeError('read past the bytes given');
      return bytes[at++]!;
    },
    mode,
    features,
  );
}

export function explore(space: Iterable<Uint8Array>, mode: CodeMode, into: Exploration): void {
  for (const bytes of space) {
    const ours = decodeBytes(bytes, mode);
    const theirs = icedDecode(bytes, BITNESS[mode]);
    into.compared++;
    if (!theirs.valid) {
      const raises = ours.mnemonic === 'UD' || ours.mnemonic === 'TOO_LONG';
      if (!raises) into.onlyOurs.set(`${ours.mnemonic} in ${BITNESS[mode]}-bit code`, hex(bytes));
    } else if (ours.mnemonic === 'UD') {
      if (theirs.mnemonic.startsWith('Ud')) continue;
      const family = familyOf(theirs);
      const members = into.missing.get(family) ?? new Map<string, string>();
      members.set(theirs.mnemonic, hex(bytes));
      into.missing.set(family, members);
    } else {
      const found = differences(ours, theirs);
      if (found.length === 0) continue;
      into.disagreements.push({ bytes: hex(bytes), what: `${BITNESS[mode]}-bit ${ours.mnemonic} (${theirs.code}): ${found.join('; ')}` });
    }
  }
}

export const emptyExploration = (): Exploration => ({ compared: 0, disagreements: [], onlyOurs: new Map(), missing: new Map() });
