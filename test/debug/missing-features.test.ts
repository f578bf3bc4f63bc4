// Which part of the processor is missing, against an independent decoder's CPUID features.

import { describe, expect, it } from 'vitest';
import { missingFeature } from '../../src/debug/missing-features.ts';
import { icedDecode } from '../decode/iced.ts';
import { decodeBytes, hex } from '../decode/explore.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';

/** The other's names, and ours for them. */
const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ['MMX', ['MMX']],
  ['SSE', ['SSE', 'SSE2', 'SSE3', 'SSSE3', 'SSE4_1', 'SSE4_2', 'AES', 'PCLMULQDQ', 'SHA', 'GFNI']],
  ['FXSAVE', ['FXSR']],
  ['XSAVE', ['XSAVE', 'XSAVEOPT', 'XSAVEC', 'XSAVES']],
  ['RDRAND', ['RDRAND', 'RDSEED']],
  ['VMX', ['VMX']],
  ['SVM', ['SVM']],
  ['MONITOR', ['MONITOR']],
  ['ADX', ['ADX']],
  ['3DNow!', ['D3NOW']],
];
const MODES = { 16: 2, 32: 4, 64: 8 } as const;
const PREFIXES = [[], [0x66], [0xf2], [0xf3], [0x66, 0xf2]];
const MODRM = [0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0xc0, 0xc1, 0xc8, 0xd0, 0xd8, 0xe0, 0xe8, 0xf0, 0xf8];
const ESCAPES = [[0x0f], [0x0f, 0x38], [0x0f, 0x3a], [0xc5], [0xc4], [0x62]];

function* space(): Generator<Uint8Array> {
  for (const escape of ESCAPES) {
    for (const prefix of escape[0] === 0x0f ? PREFIXES : [[]]) {
      for (let opcode = 0; opcode < 256; opcode++) {
        for (const modrm of MODRM)
          yield Uint8Array.from([...prefix, ...escape, opcode, modrm, 0x51, 0x7c, 0x08, ...Array<number>(10).fill(0)]);
      }
    }
  }
}

describe.each([16, 32, 64] as const)('what is missing in %i-bit code', (bits) => {
  it('is named as the other decoder does', () => {
    const wrong: string[] = [];
    let named = 0;
    for (const bytes of space()) {
      const ours = missingFeature(bytes, bits, ALL_FEATURES);
      const isThere = decodeBytes(bytes, MODES[bits]).mnemonic !== 'UD';
      const theirs = icedDecode(bytes, bits);
      if (isThere || !theirs.valid) {
        if (isThere && ours !== null) wrong.push(`${hex(bytes)} is there, and not ${ours}`);
        continue;
      }
      const isVector = /^(VEX|EVEX)_/.test(theirs.code);
      const group = isVector ? 'AVX' : GROUPS.find(([, features]) => theirs.features.some((feature) => features.includes(feature)))?.[0];
      // SSE brought instructions on MMX's registers.
      if (group === undefined || group === ours || (ours === 'MMX' && group === 'SSE')) {
        if (group !== undefined) named++;
        continue;
      }
      wrong.push(`${hex(bytes)} ${theirs.mnemonic}: ${ours}, not ${group}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(named).toBeGreaterThan(3000);
  });
});

describe('what is nobody’s', () => {
  it.each([
    ['UD2', [0x0f, 0x0b]],
    ['a hole', [0x0f, 0x04]],
    ['NOP', [0x90]],
    ['nothing', []],
  ])('%s is not missing', (_name, bytes) => {
    expect(missingFeature(Uint8Array.from(bytes), 64, ALL_FEATURES)).toBeNull();
  });
});
