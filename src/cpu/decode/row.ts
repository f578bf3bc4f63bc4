// The shape of the opcode maps: a row says what an opcode is, a choice says what else decides. Plain data.

import type { Feature } from '../arch/features.ts';
import { formOf } from './operands.ts';
import type { Letter, OperandForm } from './operands.ts';

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
  /** The instruction is there only on processors with these of CPUID's features. What every processor has names none. */
  readonly feature?: Feature | readonly Feature[];
  /** The address of the operand in memory must be a multiple of this many bytes, else #GP(0). */
  readonly alignment?: 16;
}

/** M is the mnemonic, as a literal type: `mnemonic.ts` collects those of all rows. */
export interface Row<M extends string = string> {
  readonly is: 'row';
  readonly mnemonic: M;
  readonly operands: readonly OperandForm[];
  readonly size: SizeRule;
  readonly lock: boolean;
  readonly only64: boolean;
  readonly not64: boolean;
  readonly cc: number;
  readonly modrm: boolean;
  readonly features: readonly Feature[];
  /** 1 where none is asked for. */
  readonly alignment: number;
  /** A string instruction: REP repeats it. */
  readonly repeats: boolean;
  /** The mod field is ignored: rm is a register. */
  readonly registersOnly: boolean;
}

/** Entries by the reg field of ModRM (opcode extensions, SDM vol. 2, "Opcode Extensions for One-Byte and Two-byte Opcodes"). */
export interface ByReg<M extends string = string> {
  readonly is: 'reg';
  readonly entries: readonly Entry<M>[];
}
/** Entries by the rm field of ModRM. */
export interface ByRm<M extends string = string> {
  readonly is: 'rm';
  readonly entries: readonly Entry<M>[];
}
/** Memory or register form. */
export interface ByMod<M extends string = string> {
  readonly is: 'mod';
  readonly memory: Entry<M>;
  readonly register: Entry<M>;
}
/** Mandatory prefixes; F2 and F3 come before 66. A prefix without an entry of its own has its ordinary meaning. */
export interface ByPrefix<M extends string = string> {
  readonly is: 'prefix';
  readonly none: Entry<M>;
  readonly p66: Entry<M> | null;
  readonly f3: Entry<M> | null;
  readonly f2: Entry<M> | null;
}
/** Whether REX.B is there. */
export interface ByRexB<M extends string = string> {
  readonly is: 'rexB';
  readonly extended: Entry<M>;
  readonly plain: Entry<M>;
}
/** Whether REX.W is there. */
export interface ByRexW<M extends string = string> {
  readonly is: 'rexW';
  readonly wide: Entry<M>;
  readonly plain: Entry<M>;
}
export interface ByMode<M extends string = string> {
  readonly is: 'mode';
  readonly mode64: Entry<M>;
  readonly other: Entry<M>;
}

export type Entry<M extends string = string> = Row<M> | ByReg<M> | ByRm<M> | ByMod<M> | ByPrefix<M> | ByRexB<M> | ByRexW<M> | ByMode<M>;

/** A map from opcode bytes to entries; what is absent is undefined (#UD). */
export type OpcodeMap<M extends string = string> = Readonly<Record<number, Entry<M>>>;

/** The map of these parts. The mnemonics in it are known to the compiler. */
export const opcodeMap = <M extends string>(...parts: readonly OpcodeMap<M>[]): OpcodeMap<M> => Object.assign({}, ...parts);

/** Types that need a ModRM byte. */
const MODRM_TYPES: ReadonlySet<string> = new Set(['E', 'G', 'M', 'R', 'S', 'C', 'D']);
/** First operands that make the operand size a byte unless the row says otherwise. */
const BYTES = /^([EGMOXYZ]b|AL)$/;

export function row<const M extends string>(mnemonic: M, ...rest: readonly (Letter | RowOptions)[]): Row<M> {
  const letters = rest.filter((x): x is Letter => typeof x === 'string');
  const { size, lock, only64, not64, cc, modrm, feature, alignment } = rest.find((x): x is RowOptions => typeof x !== 'string') ?? {};
  const operands = letters.map(formOf);
  const isA = (types: string): boolean => operands.some(({ type }) => types.includes(type));
  return {
    is: 'row',
    mnemonic,
    operands,
    size: size ?? (letters[0] !== undefined && BYTES.test(letters[0]) ? 'b' : 'v'),
    lock: lock ?? false,
    only64: only64 ?? false,
    not64: not64 ?? false,
    cc: cc ?? 0,
    modrm: modrm ?? operands.some(({ type }) => MODRM_TYPES.has(type)),
    features: typeof feature === 'string' ? [feature] : (feature ?? []),
    alignment: alignment ?? 1,
    repeats: isA('XY'),
    registersOnly: isA('R'),
  };
}

export const UD = row('UD');

export const byReg = <M extends string>(...entries: readonly Entry<M>[]): ByReg<M> => ({ is: 'reg', entries });
export const byRm = <M extends string>(...entries: readonly Entry<M>[]): ByRm<M> => ({ is: 'rm', entries });
export const byMod = <M extends string>(memory: Entry<M>, register: Entry<M>): ByMod<M> => ({ is: 'mod', memory, register });
export const byRexB = <M extends string>(extended: Entry<M>, plain: Entry<M>): ByRexB<M> => ({ is: 'rexB', extended, plain });
export const byRexW = <M extends string>(wide: Entry<M>, plain: Entry<M>): ByRexW<M> => ({ is: 'rexW', wide, plain });
export const byMode = <M extends string>(mode64: Entry<M>, other: Entry<M>): ByMode<M> => ({ is: 'mode', mode64, other });
export const byPrefix = <M extends string>(choice: { none: Entry<M>; p66?: Entry<M>; f3?: Entry<M>; f2?: Entry<M> }): ByPrefix<M> => ({
  is: 'prefix',
  none: choice.none,
  p66: choice.p66 ?? null,
  f3: choice.f3 ?? null,
  f2: choice.f2 ?? null,
});

/** No mandatory prefix allowed ("NP" in the SDM's opcode column). */
export const noPrefix = <M extends string>(entry: Entry<M>): ByPrefix<M | 'UD'> =>
  byPrefix<M | 'UD'>({ none: entry, p66: UD, f3: UD, f2: UD });

/** Eight or sixteen entries in a row from opcode `first` on. */
export function span<M extends string>(first: number, count: number, entry: (n: number) => Entry<M>): OpcodeMap<M> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [first + n, entry(n)]));
}
