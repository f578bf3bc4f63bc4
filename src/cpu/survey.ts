// What an engine must know of an instruction before it executes or translates it. The semantics run once under a builder that
// computes nothing and notes what it is asked for. So no table repeats what the semantics say.

import { meaningOf } from './isa/index.ts?instance=analysis';
import type { Builder, Flags } from './builder/builder.ts';
import { HELPERS } from './builder/helpers.ts';
import type { SystemHelper } from './builder/helpers.ts';
import { Rep } from './builder/insn.ts';
import type { Insn, Operand, Size } from './builder/insn.ts';

export interface Survey {
  /** The widest value handled: 8 if some value has more than 32 bits, otherwise 4. */
  widest: 4 | 8;
  /** How it leaves: on to the next instruction, by a relative jump or branch, or to a computed target. */
  control: 'next' | 'jump' | 'branch' | 'indirect';
  /** It takes the address of the next instruction: a call. */
  call: boolean;
  /** It asks for a system helper, an exception, or a flag operation that only the interpreter has. */
  interpreted: boolean;
  /** It goes through `repeat`. */
  repeats: boolean;
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

function surveyingFlags(note: Note, interpreted: () => 0): Flags<Nothing> {
  return {
    add: note,
    sub: note,
    inc: note,
    dec: note,
    logic: note,
    result: note,
    setCarry() {},
    setOverflow() {},
    setDirection() {},
    setAdjust() {},
    setSign() {},
    setParity() {},
    setZero: interpreted,
    lowByte: interpreted,
    setLowByte: interpreted,
    carry: zero,
    overflow: zero,
    zero,
    sign: zero,
    parity: zero,
    adjust: zero,
    condition: zero,
  };
}

function surveyor(survey: Survey): Builder<Nothing> {
  const note: Note = (size) => {
    if (size === 8) survey.widest = 8;
    return 0;
  };
  const operand = ({ size }: Operand): 0 => note(size);
  const memory = (_segment: number, _a: 0, size: number): 0 => note(size);
  const interpreted = (): 0 => {
    survey.interpreted = true;
    return 0;
  };
  const leaves = (control: Survey['control']) => (): void => {
    survey.control = control;
    survey.endsBlock = true;
  };
  return {
    flags: surveyingFlags(note, interpreted),
    constant: note,
    add: note,
    sub: note,
    mul: note,
    mulHighUnsigned: note,
    mulHighSigned: note,
    divideUnsigned: (size) => [note(size), 0],
    divideSigned: (size) => [note(size), 0],
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
    when: (_c, body) => body(),
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
    probeWrite() {},
    requireAligned() {},
    linearAddress: note,
    stackPointer: zero,
    framePointer: zero,
    stackOffset: zero,
    setStackPointer() {},
    stackValue: note,
    nextIp: (size) => {
      survey.call = true;
      return note(size);
    },
    jumpRelative: leaves('jump'),
    branchRelative: leaves('branch'),
    checkTarget: note,
    checkRelative() {},
    jump: (size) => {
      leaves('indirect')();
      note(size);
    },
    repeat: (i, body) => {
      survey.repeats = true;
      if (i.rep !== Rep.NONE) survey.endsBlock = true;
      body();
    },
    raise: () => {
      survey.endsBlock = true;
      interpreted();
    },
    raiseWhen() {},
    timeStamp: () => [0, 0],
    system: (helper: SystemHelper) => {
      if (HELPERS[helper] === 'course') survey.endsBlock = true;
      return interpreted();
    },
    systemPair: () => [interpreted(), 0],
  };
}

export function surveyOf(i: Insn): Readonly<Survey> {
  const survey: Survey = { widest: 4, control: 'next', call: false, interpreted: false, repeats: false, endsBlock: false };
  meaningOf(i)(surveyor(survey), i);
  return survey;
}
