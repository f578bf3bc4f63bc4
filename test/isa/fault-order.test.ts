// A fault leaves no partial effect: nothing that may fault stands after an effect. A store is safe once the same place was
// probed, or read with the intent to write, a load once the same place was loaded; a jump is safe once its target was checked.

import { describe, expect, it } from 'vitest';
import { HELPERS } from '../../src/cpu/builder/helpers.ts';
import type { SystemHelper } from '../../src/cpu/builder/helpers.ts';
import { OperandKind } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import type { Semantics } from '../../src/cpu/builder/builder.ts';
import { ISA } from '../../src/cpu/isa/index.ts';
import { MNEMONICS } from './mnemonics.ts';
import { describeInsn, insn, operand, memoryAt, samples } from './instructions.ts';
import { SYMBOLIC, record } from './recording-builder.ts';
import type { Call } from './recording-builder.ts';

/** A system helper that only looks; it may refuse. */
const looks = (call: Call): boolean => HELPERS[JSON.parse(call.args[0]!) as SystemHelper] === 'looks';
/** System helpers that never refuse: what they change comes after the last access to memory. */
// biome-ignore format: a table
const CERTAIN: ReadonlySet<string> = new Set<SystemHelper>([
  'x87Stored', 'x87StoredPop', 'x87Operand', 'x87LoadPiece', 'x87Loaded', 'x87MaskAll', 'fninit', 'fldM80', 'fbld',
]);
const FAULTING: ReadonlySet<string> = new Set([
  'loadForWrite',
  'probeWrite',
  'requireAligned',
  'divideUnsigned',
  'divideSigned',
  'checkTarget',
  'checkRelative',
  'branchRelative',
  'raise',
  'raiseWhen',
  'timeStamp',
  'system',
  'systemPair',
]);
// biome-ignore format: a table
const EFFECTS: ReadonlySet<string> = new Set([
  'writeRegister', 'writeHighByte', 'writeRegisterAddress', 'advance', 'setStackPointer', 'store', 'write', 'flags.add', 'flags.sub',
  'flags.inc', 'flags.dec', 'flags.logic', 'flags.result', 'flags.setCarry', 'flags.setOverflow', 'flags.setZero', 'flags.setAdjust',
  'flags.setSign', 'flags.setParity', 'flags.setLowByte', 'flags.setDirection',
]);

const isMemory = (call: Call): boolean => call.operand?.kind === OperandKind.MEM;

/** Calls that may fault although an effect stands before them. */
function tooLate(semantics: Semantics, i: Insn): string[] {
  const safe = new Set<string>();
  const late: string[] = [];
  let effect = false;
  for (const call of record(semantics, i, SYMBOLIC)) {
    const { operation, args } = call;
    if (operation === 'system' && CERTAIN.has(JSON.parse(args[0]!) as string)) {
      effect = true;
      continue;
    }
    const place = `${args[0]}:${args[1]}`;
    const faults =
      FAULTING.has(operation) ||
      (isMemory(call) && (operation === 'read' || operation === 'readForWrite')) ||
      (operation === 'store' && !safe.has(place)) ||
      (operation === 'load' && !safe.has(`load ${place}`)) ||
      (operation === 'write' && isMemory(call) && !safe.has(args[0]!)) ||
      (operation === 'jump' && !safe.has(`target ${args[1]}`)) ||
      (operation === 'jumpRelative' && !safe.has('relative'));
    if (faults && effect) late.push(`${operation}(${args.join(', ')})`);
    if (operation === 'probeWrite' || operation === 'loadForWrite') safe.add(place);
    if (operation === 'probeWrite') for (let n = 1; n < Number(args[2]); n++) safe.add(`${args[0]}:offset(i, ${args[1]}, ${n})`);
    if (operation === 'load') safe.add(`load ${place}`);
    if (operation === 'readForWrite') safe.add(args[0]!);
    if (operation === 'checkTarget') safe.add(`target ${args[1]}`);
    if (operation === 'checkRelative') safe.add('relative');
    if (EFFECTS.has(operation) || (operation === 'system' && !looks(call))) effect = true;
  }
  return late;
}

describe.each([...MNEMONICS])('%s', (mnemonic) => {
  it('has no effect before the last thing that may fault', () => {
    for (const i of samples(mnemonic)) expect(tooLate(ISA[mnemonic], i), describeInsn(i)).toEqual([]);
  });

  it('reads memory that it writes back with the intent to write', () => {
    for (const i of samples(mnemonic)) {
      const calls = record(ISA[mnemonic], i, SYMBOLIC).filter(isMemory);
      const written = new Set(calls.filter((call) => call.operation === 'write').map((call) => call.operand));
      // ARPL looks first, and modifies only what it will write
      const modified = new Set(calls.filter((call) => call.operation === 'readForWrite').map((call) => call.operand));
      const read = calls.filter((call) => call.operation === 'read' && written.has(call.operand) && !modified.has(call.operand));
      expect(read, describeInsn(i)).toEqual([]);
    }
  });
});

describe('the order test itself', () => {
  const i = insn('ADD', { dst: operand(OperandKind.MEM, 4, 0, 0, memoryAt(3, 3)), src: operand(OperandKind.REG, 4, 2) });

  it('notices flags before the write', () => {
    const early: Semantics = (b, insn) => {
      const x = b.read(insn.src);
      b.flags.logic(4, x);
      b.write(insn.dst, x);
    };
    expect(tooLate(early, i)).toHaveLength(1);
  });

  it('notices a second store without a probe', () => {
    const twice: Semantics = (b, insn) => {
      const at = b.address(insn.dst);
      const x = b.read(insn.src);
      b.store(3, at, 4, x);
      b.store(3, b.offset(insn, at, 4), 4, x);
    };
    expect(tooLate(twice, i)).toHaveLength(1);
  });
});
