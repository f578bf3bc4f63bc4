// The shape of the opcode maps: a row says what an opcode is, a choice says what else decides. Plain data.

import type { Mnemonic } from '../isa/mnemonics.ts';
import type { Letter } from './operands.ts';

/**
 * How the operand size comes about (SDM vol. 2, "Key to Abbreviations", superscripts d64 and f64):
 * v by prefixes · b, w fixed · z 2 or 4 · y 4 or 8 by REX.W alone · d64 defaults to 8 in 64-bit mode, 66h makes it 2
 * f64 is 8 in 64-bit mode whatever the prefixes · long 8 in 64-bit mode, else 4.
 */
export type SizeRule = 'v' | 'b' | 'w' | 'z' | 'y' | 'd64' | 'f64' | 'long';

export interface RowOptions {
  /** LOCK is allowed when the destination is memory. */
  readonly lock?: true;
  readonly size?: SizeRule;
  /** Undefined outside 64-bit mode. */
  readonly only64?: true;
  /** Undefined in 64-bit mode. */
  readonly not64?: true;
  /** Condition code. */
  readonly cc?: number;
  /** A ModRM byte follows although no operand letter uses it. */
  readonly modrm?: true;
  /** CPUID feature that brought the instruction, where it is younger than the 386. */
  readonly feature?: string;
}

export interface Row {
  readonly is: 'row';
  readonly mnemonic: Mnemonic;
  readonly operands: readonly Letter[];
  readonly size: SizeRule;
  readonly lock: boolean;
  readonly only64: boolean;
  readonly not64: boolean;
  readonly cc: number;
  readonly modrm: boolean;
  readonly feature: string | null;
}

/** Entries by the reg field of ModRM (opcode extensions, SDM vol. 2, "Opcode Extensions for One-Byte and Two-byte Opcodes"). */
export interface ByReg {
  readonly is: 'reg';
  readonly entries: readonly Entry[];
}
/** Entries by the rm field of ModRM. */
export interface ByRm {
  readonly is: 'rm';
  readonly entries: readonly Entry[];
}
/** Memory or register form. */
export interface ByMod {
  readonly is: 'mod';
  readonly memory: Entry;
  readonly register: Entry;
}
/** Mandatory prefixes; F2 and F3 come before 66. A prefix without an entry of its own has its ordinary meaning. */
export interface ByPrefix {
  readonly is: 'prefix';
  readonly none: Entry;
  readonly p66: Entry | null;
  readonly f3: Entry | null;
  readonly f2: Entry | null;
}
export interface ByMode {
  readonly is: 'mode';
  readonly mode64: Entry;
  readonly other: Entry;
}

export type Entry = Row | ByReg | ByRm | ByMod | ByPrefix | ByMode;

/** A map from opcode bytes to entries; what is absent is undefined (#UD). */
export type OpcodeMap = Readonly<Record<number, Entry>>;

/** Letters that need a ModRM byte. */
const USES_MODRM = /^[EGMRSCD][bdvwyzps]$|^RvMw$|^Ms$|^Ma$/;

export function row(mnemonic: Mnemonic, ...rest: readonly (Letter | RowOptions)[]): Row {
  const operands = rest.filter((x): x is Letter => typeof x === 'string');
  const options: RowOptions = rest.find((x): x is RowOptions => typeof x !== 'string') ?? {};
  return {
    is: 'row',
    mnemonic,
    operands,
    size: options.size ?? (operands[0] !== undefined && /^([EGMOXYZ]b|AL)$/.test(operands[0]) ? 'b' : 'v'),
    lock: options.lock ?? false,
    only64: options.only64 ?? false,
    not64: options.not64 ?? false,
    cc: options.cc ?? 0,
    modrm: options.modrm ?? operands.some((letter) => USES_MODRM.test(letter)),
    feature: options.feature ?? null,
  };
}

export const UD: Row = row('UD');

export const byReg = (...entries: readonly Entry[]): ByReg => ({ is: 'reg', entries });
export const byRm = (...entries: readonly Entry[]): ByRm => ({ is: 'rm', entries });
export const byMod = (memory: Entry, register: Entry): ByMod => ({ is: 'mod', memory, register });
export const byMode = (mode64: Entry, other: Entry): ByMode => ({ is: 'mode', mode64, other });
export const byPrefix = (choice: { none: Entry; p66?: Entry; f3?: Entry; f2?: Entry }): ByPrefix => ({
  is: 'prefix',
  none: choice.none,
  p66: choice.p66 ?? null,
  f3: choice.f3 ?? null,
  f2: choice.f2 ?? null,
});

/** No mandatory prefix allowed ("NP" in the SDM's opcode column). */
export const noPrefix = (entry: Entry): ByPrefix => byPrefix({ none: entry, p66: UD, f3: UD, f2: UD });

/** Eight or sixteen entries in a row from opcode `first` on. */
export function span(first: number, count: number, entry: (n: number) => Entry): OpcodeMap {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [first + n, entry(n)]));
}
