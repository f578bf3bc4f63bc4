// The one-byte opcode map (SDM vol. 2, appendix A, "One-byte Opcode Map"). Absent: prefixes, the escape 0F, and what is
// undefined.

import { ESCAPES } from './escapes.ts';
import { BOUND, GROUP_1A, GROUP_4, GROUP_5, LDS, LES, group1, group11, group2, group3 } from './groups.ts';
import { byMod, byMode, byPrefix, byRexB, opcodeMap, row, span } from './row.ts';
import type { OpcodeMap, Row } from './row.ts';

/** Eb,Gb  Ev,Gv  Gb,Eb  Gv,Ev  AL,Ib  rAX,Iz: the eight arithmetic instructions. */
function arithmetic<const M extends string>(first: number, mnemonic: M, options: { lock?: true }): OpcodeMap<M> {
  return {
    [first]: row(mnemonic, 'Eb', 'Gb', options),
    [first + 1]: row(mnemonic, 'Ev', 'Gv', options),
    [first + 2]: row(mnemonic, 'Gb', 'Eb'),
    [first + 3]: row(mnemonic, 'Gv', 'Ev'),
    [first + 4]: row(mnemonic, 'AL', 'Ib'),
    [first + 5]: row(mnemonic, 'rAX', 'Iz'),
  };
}

const not64 = { not64: true } as const;
const d64 = { size: 'd64' } as const;
const f64 = { size: 'f64' } as const;
const pushSegment = (segment: 'ES' | 'CS' | 'SS' | 'DS'): Row<'PUSH_SREG'> => row('PUSH_SREG', 'none', segment, not64);
const popSegment = (segment: 'ES' | 'SS' | 'DS'): Row<'POP_SREG'> => row('POP_SREG', segment, not64);

export const ONE_BYTE = opcodeMap(
  arithmetic(0x00, 'ADD', { lock: true }),
  {
    0x06: pushSegment('ES'),
    0x07: popSegment('ES'),
  },
  arithmetic(0x08, 'OR', { lock: true }),
  { 0x0e: pushSegment('CS') },
  arithmetic(0x10, 'ADC', { lock: true }),
  {
    0x16: pushSegment('SS'),
    0x17: popSegment('SS'),
  },
  arithmetic(0x18, 'SBB', { lock: true }),
  {
    0x1e: pushSegment('DS'),
    0x1f: popSegment('DS'),
  },
  arithmetic(0x20, 'AND', { lock: true }),
  { 0x27: row('DAA', not64) },
  arithmetic(0x28, 'SUB', { lock: true }),
  { 0x2f: row('DAS', not64) },
  arithmetic(0x30, 'XOR', { lock: true }),
  { 0x37: row('AAA', not64) },
  arithmetic(0x38, 'CMP', {}),
  {
    0x3f: row('AAS', not64),

    // 40 to 4F are REX in 64-bit mode
  },
  span(0x40, 8, () => row('INC', 'Zv', not64)),

  span(0x48, 8, () => row('DEC', 'Zv', not64)),

  span(0x50, 8, () => row('PUSH', 'Zv', d64)),

  span(0x58, 8, () => row('POP', 'Zv', d64)),
  {
    0x60: row('PUSHA', not64),
    0x61: row('POPA', not64),
    0x62: BOUND,
    0x63: byMode(row('MOVSX', 'Gv', 'Ez'), row('ARPL', 'Ew', 'Gw', { size: 'w' })),
    0x68: row('PUSH', 'Iz', d64),
    0x69: row('IMUL3', 'Gv', 'Ev', 'Iz'),
    0x6a: row('PUSH', 'sIb', d64),
    0x6b: row('IMUL3', 'Gv', 'Ev', 'sIb'),
    0x6c: row('INS', 'Yb', 'DX'),
    0x6d: row('INS', 'Yv', 'DX', { size: 'z' }),
    0x6e: row('OUTS', 'DX', 'Xb', { size: 'b' }),
    0x6f: row('OUTS', 'DX', 'Xv', { size: 'z' }),
  },
  span(0x70, 16, (cc) => row('JCC', 'Jb', { cc, size: 'f64' })),
  {
    0x80: group1('Eb', 'Ib'),
    0x81: group1('Ev', 'Iz'),
    0x82: byMode(row('UD'), group1('Eb', 'Ib')),
    0x83: group1('Ev', 'sIb'),
    0x84: row('TEST', 'Eb', 'Gb'),
    0x85: row('TEST', 'Ev', 'Gv'),
    0x86: row('XCHG', 'Eb', 'Gb', { lock: true }),
    0x87: row('XCHG', 'Ev', 'Gv', { lock: true }),
    0x88: row('MOV', 'Eb', 'Gb'),
    0x89: row('MOV', 'Ev', 'Gv'),
    0x8a: row('MOV', 'Gb', 'Eb'),
    0x8b: row('MOV', 'Gv', 'Ev'),
    0x8c: byMod(row('MOV_FROM_SREG', 'Mw', 'Sw'), row('MOV_FROM_SREG', 'Rv', 'Sw')),
    0x8d: row('LEA', 'Gv', 'Mv'),
    0x8e: row('MOV_TO_SREG', 'Sw', 'Ew'),
    0x8f: GROUP_1A,

    0x90: byRexB(row('XCHG', 'Zv', 'rAX'), byPrefix({ none: row('NOP'), f3: row('PAUSE', { feature: 'SSE2' }) })),
  },
  span(0x91, 7, () => row('XCHG', 'Zv', 'rAX')),
  {
    0x98: row('CBW'),
    0x99: row('CWD'),
    0x9a: row('CALL_FAR', 'Iz', 'Iw', not64),
    0x9b: row('FWAIT', { feature: 'FPU' }),
    0x9c: row('PUSHF', d64),
    0x9d: row('POPF', d64),
    0x9e: byMode(row('SAHF', { feature: 'LAHF64' }), row('SAHF')),
    0x9f: byMode(row('LAHF', { feature: 'LAHF64' }), row('LAHF')),

    0xa0: row('MOV', 'AL', 'Ob'),
    0xa1: row('MOV', 'rAX', 'Ov'),
    0xa2: row('MOV', 'Ob', 'AL'),
    0xa3: row('MOV', 'Ov', 'rAX'),
    0xa4: row('MOVS', 'Yb', 'Xb'),
    0xa5: row('MOVS', 'Yv', 'Xv'),
    // CMPS has its operands as MOVS has them: src is what (R)SI addresses
    0xa6: row('CMPS', 'Yb', 'Xb'),
    0xa7: row('CMPS', 'Yv', 'Xv'),
    0xa8: row('TEST', 'AL', 'Ib'),
    0xa9: row('TEST', 'rAX', 'Iz'),
    0xaa: row('STOS', 'Yb', 'AL'),
    0xab: row('STOS', 'Yv', 'rAX'),
    0xac: row('LODS', 'AL', 'Xb'),
    0xad: row('LODS', 'rAX', 'Xv'),
    0xae: row('SCAS', 'AL', 'Yb'),
    0xaf: row('SCAS', 'rAX', 'Yv'),
  },
  span(0xb0, 8, () => row('MOV', 'Zb', 'Ib')),

  span(0xb8, 8, () => row('MOV', 'Zv', 'Iv')),
  {
    0xc0: group2('Eb', 'Ib'),
    0xc1: group2('Ev', 'Ib'),
    0xc2: row('RET_IMM', 'Iw', f64),
    0xc3: row('RET', f64),
    0xc4: LES,
    0xc5: LDS,
    0xc6: group11('Eb', 'Ib'),
    0xc7: group11('Ev', 'Iz'),
    0xc8: row('ENTER', 'Iw', 'Ib', d64),
    0xc9: row('LEAVE', d64),
    0xca: row('RET_FAR_IMM', 'Iw'),
    0xcb: row('RET_FAR'),
    0xcc: row('INT3'),
    0xcd: row('INT', 'Ib'),
    0xce: row('INTO', not64),
    0xcf: row('IRET'),

    0xd0: group2('Eb', '1'),
    0xd1: group2('Ev', '1'),
    0xd2: group2('Eb', 'CL'),
    0xd3: group2('Ev', 'CL'),
    0xd4: row('AAM', 'Ib', { not64: true, size: 'b' }),
    0xd5: row('AAD', 'Ib', { not64: true, size: 'b' }),
    0xd6: row('SALC', not64), // reserved in the manual's map; processors have it
    0xd7: row('XLAT', 'AL', 'BX'),
  },
  ESCAPES,
  {
    0xe0: row('LOOPNE', 'Jb', f64),
    0xe1: row('LOOPE', 'Jb', f64),
    0xe2: row('LOOP', 'Jb', f64),
    0xe3: row('JCXZ', 'Jb', f64),
    0xe4: row('IN', 'AL', 'Ib'),
    0xe5: row('IN', 'rAX', 'Ib', { size: 'z' }),
    0xe6: row('OUT', 'Ib', 'AL', { size: 'b' }),
    0xe7: row('OUT', 'Ib', 'rAX', { size: 'z' }),
    0xe8: row('CALL_REL', 'Jz', f64),
    0xe9: row('JMP_REL', 'Jz', f64),
    0xea: row('JMP_FAR', 'Iz', 'Iw', not64),
    0xeb: row('JMP_REL', 'Jb', f64),
    0xec: row('IN', 'AL', 'DX'),
    0xed: row('IN', 'rAX', 'DX', { size: 'z' }),
    0xee: row('OUT', 'DX', 'AL', { size: 'b' }),
    0xef: row('OUT', 'DX', 'rAX', { size: 'z' }),

    0xf1: row('INT1'),
    0xf4: row('HLT'),
    0xf5: row('CMC'),
    0xf6: group3('Eb', 'Ib'),
    0xf7: group3('Ev', 'Iz'),
    0xf8: row('CLC'),
    0xf9: row('STC'),
    0xfa: row('CLI'),
    0xfb: row('STI'),
    0xfc: row('CLD'),
    0xfd: row('STD'),
    0xfe: GROUP_4,
    0xff: GROUP_5,
  },
);
