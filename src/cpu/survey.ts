// What an engine must know of an instruction before it executes or translates it. The semantics run once under a builder that
// computes nothing and notes what it is asked for. So no table repeats what the semantics say.

import { meaningOf } from './isa/index.ts?instance=analysis';
import type { Builder, Flags } from './builder/builder.ts';
import { FLAG_HELPERS, HELPERS } from './builder/helpers.ts';
import { FlagUse } from './flag-use.ts';
import { OperandKind, Rep } from './builder/insn.ts';
import type { Insn, Operand, Size } from './builder/insn.ts';
import { quickOf } from './x87/quick-forms.ts';
import { AF, CF, CONDITION_FLAGS, OF, PF, SF, STATUS_FLAGS, ZF } from './arch/rflags.ts';

export interface Survey {
  /** The widest value handled: 8 if some value has more than 32 bits, otherwise 4. */
  widest: 4 | 8;
  /** How it leaves: on to the next instruction, by a relative jump or branch, or to a target that is computed, or that a helper finds. */
  control: 'next' | 'jump' | 'branch' | 'indirect';
  /** It takes the address of the next instruction: a call. */
  call: boolean;
  /** It changes the stack pointer. What jumps to a computed target so is a return, unless it is a call. */
  movesStack: boolean;
  /** It asks for a system helper that has no quick instruction, an exception, or a flag operation that only the interpreter has. */
  interpreted: boolean;
  /** It goes through `repeat`. */
  repeats: boolean;
  /** What it does to the status flags. */
  readonly flags: FlagUse;
  /** It may be left before its first effect, since an access, a check or a limit of time is not passed. */
  mayLeave: boolean;
  /** Nothing may follow in its block: it decides how execution goes on, or repeats, so that what it takes of a budget is not known. */
  endsBlock: boolean;
}

interface Nothing {
  readonly value: 0;
  readonly address: 0;
  readonly condition: 0;
}

type Note = (size: number) => 0;

const zero = (): 0 => 0;

function surveyingFlags(note: Note, interpreted: () => 0, use: FlagUse): Flags<Nothing> {
  const sets =
    (bits: number) =>
    (size: number): void => {
      note(size);
      use.write(bits);
    };
  const setsOne = (bit: number) => (): void => use.write(bit);
  const interpretersOnly = (): 0 => {
    use.mayDoAnything();
    return interpreted();
  };
  const reads = (bit: number) => (): 0 => {
    use.read(bit);
    return 0;
  };
  return {
    add: sets(STATUS_FLAGS),
    sub: sets(STATUS_FLAGS),
    inc: sets(STATUS_FLAGS & ~CF),
    dec: sets(STATUS_FLAGS & ~CF),
    logic: sets(STATUS_FLAGS),
    result: sets(STATUS_FLAGS),
    setCarry: setsOne(CF),
    setOverflow: setsOne(OF),
    setDirection() {},
    setAdjust: setsOne(AF),
    setSign: setsOne(SF),
    setParity: setsOne(PF),
    setZero: interpretersOnly,
    lowByte: interpretersOnly,
    setLowByte: interpretersOnly,
    carry: reads(CF),
    overflow: reads(OF),
    zero: reads(ZF),
    sign: reads(SF),
    parity: reads(PF),
    adjust: reads(AF),
    condition: (cc) => {
      use.read(CONDITION_FLAGS[cc >> 1]!);
      return 0;
    },
  };
}

function surveyor(survey: Survey): Builder<Nothing> {
  const note: Note = (size) => {
    if (size === 8) survey.widest = 8;
    return 0;
  };
  const leaves = (): 0 => {
    survey.mayLeave = true;
    return 0;
  };
  const operand = ({ kind, size }: Operand): 0 => {
    if (kind === OperandKind.MEM) leaves();
    return note(size);
  };
  const memory = (_segment: number, _a: 0, size: number): 0 => {
    leaves();
    return note(size);
  };
  const interpreted = (): 0 => {
    survey.interpreted = true;
    return leaves();
  };
  const goes = (control: Survey['control']) => (): void => {
    survey.control = control;
    survey.endsBlock = true;
  };
  return {
    flags: surveyingFlags(note, interpreted, survey.flags),
    constant: note,
    add: note,
    sub: note,
    mul: note,
    mulHighUnsigned: note,
    mulHighSigned: note,
    divideUnsigned: (size) => [note(size), leaves()],
    divideSigned: (size) => [note(size), leaves()],
    and: zero,
    or: zero,
    xor: zero,
    not: note,
    shl: note,
    shr: note,
    sar: note,
    modulo: zero,
    signExtend: (from: Size, to: Size) => {
      note(from);
      return note(to);
    },
    truncate: zero,
    byteSwap: note,
    countLeadingZeros: note,
    countTrailingZeros: note,
    populationCount: note,
    isZero: zero,
    equal: zero,
    lessUnsigned: note,
    lessSigned: note,
    bit: zero,
    bitAt: zero,
    signBit: note,
    never: zero,
    notC: zero,
    andC: zero,
    orC: zero,
    xorC: zero,
    fromCondition: zero,
    select: zero,
    when: (_c, body) => survey.flags.perhaps(body),
    read: operand,
    readForWrite: operand,
    write: operand,
    readRegister: note,
    writeRegister: note,
    readHighByte: zero,
    writeHighByte() {},
    address: zero,
    registerAddress: zero,
    offset: zero,
    offsetBy: (_i, _a, size) => note(size),
    effectiveAddress: note,
    writeRegisterAddress() {},
    advance() {},
    load: memory,
    loadForWrite: memory,
    store: memory,
    probeWrite: leaves,
    requireAligned: leaves,
    linearAddress: note,
    stackPointer: zero,
    framePointer: zero,
    stackOffset: zero,
    setStackPointer: () => {
      survey.movesStack = true;
    },
    stackValue: note,
    nextIp: (size) => {
      survey.call = true;
      return note(size);
    },
    jumpRelative: goes('jump'),
    branchRelative: goes('branch'),
    checkTarget: (size) => {
      leaves();
      note(size);
    },
    checkRelative() {},
    jump: (size) => {
      goes('indirect')();
      leaves();
      note(size);
    },
    repeat: (i, body) => {
      survey.repeats = true;
      leaves();
      if (i.rep === Rep.NONE) {
        body();
        return;
      }
      survey.endsBlock = true;
      survey.flags.perhaps(body);
      survey.flags.isReadBack = true;
    },
    raise: () => {
      goes('indirect')();
      interpreted();
    },
    raiseWhen: leaves,
    timeStamp: () => [leaves(), 0],
    system: (helper, i) => {
      if (quickOf(helper, i) !== null) return leaves();
      const effect = HELPERS[helper];
      if (effect === 'course') survey.endsBlock = true;
      if (effect === 'transfer') goes('indirect')();
      if (effect === 'transfer' || FLAG_HELPERS.has(helper)) survey.flags.mayDoAnything();
      return interpreted();
    },
    systemPair: (helper, i) => [quickOf(helper, i) === null ? interpreted() : leaves(), 0],
  };
}

export function surveyOf(i: Insn): Readonly<Survey> {
  const survey: Survey = {
    widest: 4,
    control: 'next',
    call: false,
    movesStack: false,
    interpreted: false,
    repeats: false,
    flags: new FlagUse(),
    mayLeave: false,
    endsBlock: false,
  };
  meaningOf(i)(surveyor(survey), i);
  return survey;
}
