// Rules of the instruction format, one by one.

import { describe, expect, it } from 'vitest';
import { CodeMode, OperandKind, Rep } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { DEFAULT_MODEL } from '../../src/cpu/arch/model.ts';
import type { Feature } from '../../src/cpu/arch/features.ts';
import { MNEMONICS } from '../isa/mnemonics.ts';
import { Seg } from '../../src/base/state/vcpu.ts';
import { ALL_FEATURES, without } from '../support/cpu-models.ts';
import { decodeBytes } from './explore.ts';
import { opcodeSpace } from './space.ts';

const at = (mode: CodeMode, bytes: string): Insn => decodeBytes(Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex')), mode);
const in64 = (bytes: string): Insn => at(CodeMode.BITS64, bytes);
const in32 = (bytes: string): Insn => at(CodeMode.BITS32, bytes);
const in16 = (bytes: string): Insn => at(CodeMode.BITS16, bytes);

describe('prefixes', () => {
  it('take the last segment override', () => {
    expect(in32('64 26 8b 00').src.address.segment).toBe(Seg.ES);
    expect(in32('26 64 8b 00').src.address.segment).toBe(Seg.FS);
  });

  it('ignore ES CS SS DS overrides in 64-bit mode, even after FS', () => {
    expect(in64('26 8b 04 24').src.address.segment).toBe(Seg.SS);
    expect(in64('64 2e 8b 00').src.address.segment).toBe(Seg.FS);
  });

  it('count REX only directly before the opcode', () => {
    expect(in64('48 66 01 c0')).toMatchObject({ mnemonic: 'ADD', size: 2, length: 4 });
    expect(in64('66 48 01 c0')).toMatchObject({ mnemonic: 'ADD', size: 8 });
  });

  it('allow LOCK only with a lockable instruction on memory', () => {
    expect(in64('f0 01 00')).toMatchObject({ mnemonic: 'ADD', lock: true });
    expect(in64('f0 01 c0').mnemonic).toBe('UD');
    expect(in64('f0 03 00').mnemonic).toBe('UD');
    expect(in64('f0 90').mnemonic).toBe('UD');
    expect(in64('f0 89 00').mnemonic).toBe('UD');
    expect(in64('f0 0f 20 c0').mnemonic).toBe('UD');
    expect(in32('f0 38 00').mnemonic).toBe('UD');
    expect(in32('f0 f6 10')).toMatchObject({ mnemonic: 'NOT', lock: true });
  });

  it('repeat string instructions only', () => {
    expect(in64('f3 a4')).toMatchObject({ mnemonic: 'MOVS', rep: Rep.REP });
    expect(in64('f2 f3 a6').rep).toBe(Rep.REP);
    expect(in64('f3 f2 a6').rep).toBe(Rep.REPNE);
    expect(in64('a4')).toMatchObject({ rep: Rep.NONE });
    expect(in64('f3 01 c0').rep).toBe(Rep.NONE);
  });

  it('select instructions where they are mandatory', () => {
    const table: readonly (readonly [string, string])[] = [
      ['0f b8 c1', 'UD'],
      ['f3 0f b8 c1', 'POPCNT'],
      ['0f bc c1', 'BSF'],
      ['f3 0f bc c1', 'TZCNT'],
      ['f2 0f bc c1', 'BSF'],
      ['f3 0f bd c1', 'LZCNT'],
      ['66 f3 0f bd c1', 'LZCNT'],
      ['90', 'NOP'],
      ['f3 90', 'PAUSE'],
      ['f3 41 90', 'XCHG'],
      ['40 90', 'NOP'],
      ['f3 0f 1e fa', 'NOP'],
      ['f3 0f ae c1', 'RDFSBASE'],
      ['f3 48 0f ae d9', 'WRGSBASE'],
      ['0f ae e8', 'FENCE'],
      ['0f ae c1', 'UD'],
      ['66 0f 38 82 01', 'INVPCID'],
    ];
    for (const [bytes, mnemonic] of table) expect(in64(bytes).mnemonic, bytes).toBe(mnemonic);
  });
});

describe('features', () => {
  const lacking = (bytes: string, mode: CodeMode, ...features: Feature[]): string =>
    decodeBytes(Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex')), mode, without(...features)).mnemonic;

  it.each([
    ['0f 42 c1', 'CMOV'],
    ['db c1', 'CMOV'],
    ['db c1', 'FPU'],
    ['db f1', 'CMOV'],
    ['d8 c1', 'FPU'],
    ['db 08', 'SSE3'],
    ['f3 0f b8 c1', 'POPCNT'],
    ['0f 38 f0 01', 'MOVBE'],
    ['66 0f 38 82 01', 'INVPCID'],
    ['0f 01 f9', 'RDTSCP'],
    ['0f 31', 'TSC'],
    ['0f 32', 'MSR'],
    ['0f 34', 'SEP'],
    ['0f 05', 'SYSCALL'],
    ['0f 01 ca', 'SMAP'],
    ['f3 0f ae c1', 'FSGSBASE'],
    ['0f c7 0e', 'CX8'],
    ['48 0f c7 0e', 'CX16'],
    ['0f c3 01', 'SSE2'],
    ['0f ae e8', 'SSE2'],
    ['0f ae f8', 'SSE'],
    ['0f ae 38', 'CLFSH'],
    ['9f', 'LAHF64'],
  ] as const)('%s is undefined without %s', (bytes, feature) => {
    expect(lacking(bytes, CodeMode.BITS64)).not.toBe('UD');
    expect(lacking(bytes, CodeMode.BITS64, feature)).toBe('UD');
  });

  it('leave a prefix its ordinary meaning where the instruction that it makes is not there', () => {
    expect(lacking('f3 0f bc c1', CodeMode.BITS64, 'BMI1')).toBe('BSF');
    expect(lacking('f3 0f bd c1', CodeMode.BITS64, 'LZCNT')).toBe('BSR');
    expect(lacking('f3 90', CodeMode.BITS64, 'SSE2')).toBe('NOP');
  });

  it('count only where the instruction came with them', () => {
    expect(lacking('0f c7 0e', CodeMode.BITS64, 'CX16')).toBe('CMPXCHG8B');
    expect(lacking('9f', CodeMode.BITS32, 'LAHF64')).toBe('LAHF');
  });

  it('of the default processor have no BMI1 and no SSE3, and of SSE2, which CPUID does not show, what needs no vectors', () => {
    const byDefault = (bytes: string): string => decodeBytes(Buffer.from(bytes, 'hex'), CodeMode.BITS64, DEFAULT_MODEL.features).mnemonic;
    expect(['f30fbcc1', 'f30fbdc1', '0fc301', '0faee8', 'f390', 'df08'].map(byDefault)).toEqual([
      'BSF',
      'LZCNT',
      'MOVNTI',
      'FENCE',
      'PAUSE',
      'UD',
    ]);
    expect(DEFAULT_MODEL.shown.has('SSE2')).toBe(false);
  });
});

describe('alignment', () => {
  it('is asked of CMPXCHG16B alone', () => {
    expect(in64('48 0f c7 0e').alignment).toBe(16);
    expect(in64('0f c7 0e').alignment).toBe(1);
  });
});

describe('length', () => {
  it('may be 15', () => {
    expect(in64(`${'66'.repeat(13)} 01 c0`)).toMatchObject({ mnemonic: 'ADD', length: 15 });
  });

  it('may not be 16, and the sixteenth byte is not asked for', () => {
    expect(in64(`${'66'.repeat(14)} 01`)).toMatchObject({ mnemonic: 'TOO_LONG', length: 15 });
    expect(in64('66'.repeat(15))).toMatchObject({ mnemonic: 'TOO_LONG' });
  });

  it('lets a fault of the fetch through untouched', () => {
    const fault = { fault: true };
    const bytes = [0x48, 0x8b];
    let n = 0;
    const next = (): number => {
      if (n === bytes.length) throw fault;
      return bytes[n++]!;
    };
    let caught: unknown;
    try {
      decode(next, CodeMode.BITS64, ALL_FEATURES);
    } catch (signal) {
      caught = signal;
    }
    expect(caught).toBe(fault);
  });
});

describe('operand size', () => {
  it('defaults to 64 bits for the stack in 64-bit mode', () => {
    expect(in64('50')).toMatchObject({ mnemonic: 'PUSH', size: 8, stackSize: 8 });
    expect(in64('66 50')).toMatchObject({ size: 2, stackSize: 2 });
    expect(in64('ff 30').dst).toMatchObject({ kind: OperandKind.MEM, size: 8 });
    expect(in32('50')).toMatchObject({ size: 4, stackSize: 4 });
    expect(in64('6a ff').dst).toMatchObject({ size: 8, imm: -1, imm64: -1n });
  });

  it('is 64 bits for near branches whatever 66h says', () => {
    expect(in64('66 e8 01 02 03 04')).toMatchObject({ mnemonic: 'CALL_REL', size: 8, stackSize: 8, displacement: 0x04030201, length: 6 });
    expect(in64('66 ff d0').dst).toMatchObject({ kind: OperandKind.REG, size: 8 });
    expect(in64('66 c3').stackSize).toBe(8);
    expect(in32('66 e8 fe ff')).toMatchObject({ size: 2, displacement: -2, length: 4 });
  });

  it('of control registers is that of the mode, and mod is ignored', () => {
    expect(in64('0f 20 04')).toMatchObject({ mnemonic: 'MOV_FROM_CR', size: 8, length: 3 });
    expect(in64('44 0f 22 c0').dst).toMatchObject({ kind: OperandKind.CREG, reg: 8 });
    expect(in32('0f 22 d8')).toMatchObject({ size: 4, length: 3 });
    expect(in64('0f 20 c8').mnemonic).toBe('UD');
    expect(in64('44 0f 21 c0').mnemonic).toBe('UD');
  });

  it('of a wide exchange is half of it', () => {
    expect(in64('0f c7 0e')).toMatchObject({ mnemonic: 'CMPXCHG8B', size: 4 });
    expect(in64('f0 48 0f c7 0e')).toMatchObject({ mnemonic: 'CMPXCHG8B', size: 8, lock: true });
    expect(in64('0f c7 ce').mnemonic).toBe('UD');
  });

  it('follows the code size', () => {
    expect(in16('01 c0').size).toBe(2);
    expect(in16('66 01 c0').size).toBe(4);
    expect(in16('b8 34 12')).toMatchObject({ length: 3 });
    expect(in16('8b 02').src.address).toMatchObject({ base: 5, index: 6, segment: Seg.SS });
    expect(in16('67 8b 00')).toMatchObject({ addressSize: 4 });
  });
});

describe('registers', () => {
  it('of a byte are AH CH DH BH without REX, SPL BPL SIL DIL with it', () => {
    expect(in64('88 e0').src).toMatchObject({ kind: OperandKind.REG_HIGH, reg: 0 });
    expect(in64('40 88 e0').src).toMatchObject({ kind: OperandKind.REG, reg: 4, size: 1 });
    expect(in64('b7 01').dst).toMatchObject({ kind: OperandKind.REG_HIGH, reg: 3 });
    expect(in64('41 b7 01').dst).toMatchObject({ kind: OperandKind.REG, reg: 15 });
  });

  it('of segments end at GS, and CS cannot be loaded', () => {
    expect(in32('8e c8').mnemonic).toBe('UD');
    expect(in32('8e f0').mnemonic).toBe('UD');
    expect(in32('8c f0').mnemonic).toBe('UD');
    expect(in32('8e d8')).toMatchObject({ mnemonic: 'MOV_TO_SREG', dst: { kind: OperandKind.SREG, reg: Seg.DS } });
  });
});

describe('addresses', () => {
  it('relative to RIP exist in 64-bit mode only', () => {
    expect(in64('8b 05 10 00 00 00').src.address).toMatchObject({ base: 16, displacement: 16 });
    expect(in32('8b 05 10 00 00 00').src.address).toMatchObject({ base: -1, displacement: 16 });
    expect(in64('8b 04 25 10 00 00 00').src.address).toMatchObject({ base: -1, index: -1 });
  });

  it('need SIB or displacement for R12 and R13 too, whose segment is DS', () => {
    expect(in64('41 8b 04 24').src.address).toMatchObject({ base: 12, segment: Seg.DS });
    expect(in64('41 8b 45 08').src.address).toMatchObject({ base: 13, displacement: 8, segment: Seg.DS });
    expect(in64('42 8b 04 20').src.address).toMatchObject({ base: 0, index: 12 });
  });

  it('of moffs are as wide as the address', () => {
    expect(in64('a1 00 00 00 80 00 00 ff ff').src.address.displacement).toBe(-0xffff80000000);
    expect(in64('67 a1 00 00 00 80').src.address.displacement).toBe(-0x80000000);
    expect(in32('a1 04 00 00 80')).toMatchObject({ length: 5 });
  });
});

describe('mode', () => {
  const old = [
    '06',
    '07',
    '0e',
    '16',
    '17',
    '1e',
    '1f',
    '27',
    '2f',
    '37',
    '3f',
    '60',
    '61',
    '62 00',
    '82 c0 01',
    '9a 00 00 00 00 00 00',
    'c4 00',
    'c5 00',
    'ce',
    'd6',
    'd4 0a',
    'd5 0a',
    'ea 00 00 00 00 00 00',
  ];
  it.each(old)('%s is undefined in 64-bit mode', (bytes) => {
    expect(in64(`${bytes} 00 00 00 00`).mnemonic).toBe('UD');
    expect(in32(`${bytes} 00 00 00 00`).mnemonic).not.toBe('UD');
  });

  it.each(['0f 05', '0f 07', '0f 01 f8', 'f3 0f ae c0'])('%s is undefined outside 64-bit mode', (bytes) => {
    expect(in32(bytes).mnemonic).toBe('UD');
    expect(in64(bytes).mnemonic).not.toBe('UD');
  });

  it('decides between MOVSXD and ARPL, INC and REX', () => {
    expect(in64('48 63 c8')).toMatchObject({ mnemonic: 'MOVSX', size: 8, src: { size: 4 } });
    expect(in32('63 c8')).toMatchObject({ mnemonic: 'ARPL', size: 2 });
    expect(in32('40').mnemonic).toBe('INC');
  });
});

describe('records', () => {
  it('all have one shape, and mnemonics that exist', () => {
    const known: ReadonlySet<string> = new Set(MNEMONICS);
    const shapes = new Set<string>();
    const seen = new Set<string>();
    for (const mode of [8, 4] as const) {
      let n = 0;
      for (const bytes of opcodeSpace(mode)) {
        // Every third: opcode-space.test.ts decodes them all.
        if (n++ % 3 > 0) continue;
        const insn = decodeBytes(bytes, mode);
        seen.add(insn.mnemonic);
        shapes.add([insn, insn.dst, insn.dst.address].map((o) => Object.keys(o).join()).join('|'));
      }
    }
    expect(shapes.size).toBe(1);
    expect([...seen].filter((mnemonic) => !known.has(mnemonic))).toEqual([]);
    expect(MNEMONICS.filter((mnemonic) => mnemonic !== 'TOO_LONG' && !seen.has(mnemonic))).toEqual([]);
  });
});
