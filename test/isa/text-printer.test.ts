// The pseudo-code of selected instructions against blessed texts: UPDATE_GOLDEN=1 writes them anew.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CodeMode, OperandKind, Rep } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { printSemantics } from '../../src/cpu/builder/text-printer.ts';
import { meaningOf } from '../../src/cpu/isa/index.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import { Seg } from '../../src/base/state/vcpu.ts';
import { ALL_SAMPLES, describeInsn, insn, memoryAt, operand } from './instructions.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

const register = operand(OperandKind.REG, 4, 2);
const byte = operand(OperandKind.REG, 1, 1);
const word = operand(OperandKind.REG, 2, 2);
const otherWord = operand(OperandKind.REG, 2, 3);
const memory = operand(OperandKind.MEM, 4, 0, 0, memoryAt(3, Seg.DS));
const stackMemory = operand(OperandKind.MEM, 4, 0, 0, memoryAt(4, Seg.SS));
const source = operand(OperandKind.MEM, 1, 0, 0, memoryAt(6, Seg.FS));
const imm8 = operand(OperandKind.IMM, 1, 0, 3);
const stackSegment = operand(OperandKind.SREG, 2, Seg.SS);
const wide = operand(OperandKind.REG, 8, 9);

/** File name → mnemonic and what differs from a 32-bit instruction without operands. */
const CASES: Readonly<Record<string, readonly [Mnemonic, Partial<Insn>]>> = {
  add: ['ADD', { dst: memory, src: register }],
  adc: ['ADC', { dst: memory, src: register }],
  cmp: ['CMP', { dst: memory, src: register }],
  inc: ['INC', { dst: register }],
  neg: ['NEG', { dst: register }],
  xor: ['XOR', { dst: register, src: memory }],
  'mul-byte': ['MUL', { size: 1, dst: byte }],
  imul2: ['IMUL2', { dst: register, src: memory }],
  'idiv-64': ['IDIV', { size: 8, mode: CodeMode.BITS64, dst: wide }],
  'shl-cl': ['SHL', { dst: memory, src: byte }],
  'sar-3': ['SAR', { dst: register, src: imm8 }],
  'ror-cl': ['ROR', { dst: register, src: byte }],
  'rcl-word-cl': ['RCL', { size: 2, dst: word, src: byte }],
  'shld-word-cl': ['SHLD', { size: 2, dst: word, src: otherWord, third: byte }],
  'bts-string': ['BTS', { dst: memory, src: register }],
  bsf: ['BSF', { dst: register, src: memory }],
  movsx: ['MOVSX', { dst: register, src: source }],
  'cmov-z': ['CMOV', { dst: register, src: memory }],
  xlat: ['XLAT', { size: 1, dst: byte, src: source }],
  xadd: ['XADD', { dst: memory, src: register }],
  cmpxchg: ['CMPXCHG', { dst: memory, src: register }],
  cmpxchg16b: ['CMPXCHG8B', { size: 8, alignment: 16, mode: CodeMode.BITS64, dst: operand(OperandKind.MEM, 8, 0, 0, memoryAt(3, Seg.GS)) }],
  push: ['PUSH', { dst: memory }],
  'pop-at-sp': ['POP', { dst: stackMemory }],
  'pop-ss': ['POP_SREG', { dst: stackSegment }],
  'enter-2': ['ENTER', { dst: operand(OperandKind.IMM, 2, 0, 32), src: operand(OperandKind.IMM, 1, 0, 2) }],
  call: ['CALL', { dst: memory }],
  'ret-imm': ['RET_IMM', { dst: operand(OperandKind.IMM, 2, 0, 8) }],
  loopne: ['LOOPNE', {}],
  'rep-movs': ['MOVS', { rep: Rep.REP, size: 1, src: source }],
  'repne-scas': ['SCAS', { rep: Rep.REPNE, size: 1 }],
  ins: ['INS', { size: 1, dst: memory, src: word }],
  daa: ['DAA', {}],
  aam: ['AAM', { size: 1, dst: operand(OperandKind.IMM, 1, 0, 10) }],
  bound: ['BOUND', { dst: register, src: memory }],
  'lgdt-16': ['LGDT', { size: 2, dst: operand(OperandKind.MEM, 2, 0, 0, memoryAt(3, Seg.DS)) }],
  lar: ['LAR', { dst: register, src: word }],
  into: ['INTO', {}],
  popcnt: ['POPCNT', { dst: register, src: memory }],
};

describe('pseudo-code', () => {
  it.each(Object.entries(CASES))('of %s is as blessed', (name, [mnemonic, fields]) => {
    const i = insn(mnemonic, fields);
    const text = `${describeInsn(i)}\n\n${printSemantics(meaningOf(i), i)}\n`;
    const file = join(GOLDEN, `${name}.txt`);
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('has a case for every blessed text', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });

  it('can be had of every instruction, and says something unless it is a hint', () => {
    const silent = ALL_SAMPLES.filter((i) => printSemantics(meaningOf(i), i) === '').map((i) => i.mnemonic);
    expect([...new Set(silent)].sort()).toEqual(['FENCE', 'NOP', 'PAUSE']);
  });

  it('refers to no value before it has a name', () => {
    for (const i of ALL_SAMPLES) {
      let known = 0;
      for (const line of printSemantics(meaningOf(i), i).split('\n')) {
        const defined = /^\s*x(\d+)(:\d)? ←/.exec(line);
        const used = [...line.replace(/^\s*x\d+(:\d)? ←/, '').matchAll(/\bx(\d+)\b/g)].map((match) => Number(match[1]));
        expect(Math.max(0, ...used), `${describeInsn(i)}: ${line}`).toBeLessThanOrEqual(known);
        if (defined) known = Number(defined[1]);
      }
    }
  });
});
