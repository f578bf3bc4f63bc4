// The one rule of what a segment permits, and that every access follows it: memory operands, PUSH, and the frames that transfers
// push on this stack or on an inner one (SDM vol. 3, "Limit Checking", "Type Checking", "Real-Address Mode Operation").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { Rights, SegmentBounds, isWithinBounds, segmentBounds } from '../../src/cpu/segment-bounds.ts';
import { gate, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, ESP, HLT, SEL, d, program, realHandler, realMode, reg, rip, run, setReg, w } from './support.ts';

const { READ, WRITE } = Rights;
const DB = 0x4000;
const UNUSABLE = 0x10000;
const TOP = 0xffffffff;
const SS = 12;

describe('the bounds of a segment', () => {
  // [name, access rights, limit, what it permits, its first and last offset]; in protected mode.
  it.each([
    ['data', 0x93, 0xfff, READ | WRITE, 0, 0xfff],
    ['read-only data', 0x91, 0xfff, READ, 0, 0xfff],
    ['data that expands down, 16 bits', 0x97, 0xfff, READ | WRITE, 0x1000, 0xffff],
    ['data that expands down, 32 bits', 0x97 | DB, 0xfff, READ | WRITE, 0x1000, TOP],
    ['read-only data that expands down', 0x95 | DB, 0, READ, 1, TOP],
    ['expand-down without an offset in it', 0x97 | DB, TOP, READ | WRITE, TOP + 1, TOP],
    ['readable code', 0x9b, 0xfff, READ, 0, 0xfff],
    ['execute-only code', 0x99, 0xfff, 0, 0, 0xfff],
    ['conforming code: the bit is not that of expand-down', 0x9f, 0xfff, READ, 0, 0xfff],
    ['absent data', 0x13, 0xfff, 0, 0, 0xfff],
    ['a null selector', UNUSABLE | 0x93, TOP, 0, 0, TOP],
  ] as const)('%s', (_name, attributes, limit, rights, first, last) => {
    const bounds = new SegmentBounds();
    segmentBounds(bounds, 3, attributes, limit, true);
    expect([bounds.rights[3], bounds.first[3], bounds.last[3]]).toEqual([rights, first, last]);
  });

  // Outside protected mode code segments are data too; data keeps its type.
  it.each([
    ['data', 0x93, READ | WRITE, 0],
    ['read-only data', 0x91, READ, 0],
    ['data that expands down', 0x97, READ | WRITE, 0x1000],
    ['readable code', 0x9b, READ | WRITE, 0],
    ['execute-only code', 0x99, READ | WRITE, 0],
    ['conforming code', 0x9f, READ | WRITE, 0],
  ] as const)('in real-address mode: %s', (_name, attributes, rights, first) => {
    const bounds = new SegmentBounds();
    segmentBounds(bounds, 3, attributes, 0xfff, false);
    expect([bounds.rights[3], bounds.first[3]]).toEqual([rights, first]);
  });

  it('all bytes of an access lie within, and all rights are there', () => {
    const bounds = new SegmentBounds();
    segmentBounds(bounds, 0, 0x97, 0xfff, true);
    const within = (offset: number, bytes: number, needed: number): boolean => isWithinBounds(bounds, 0, offset, bytes, needed);
    expect([within(0xfff, 2, READ), within(0x1000, 2, READ | WRITE), within(0xfffe, 2, WRITE), within(0xffff, 2, WRITE)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    segmentBounds(bounds, 0, 0x91, 0xfff, true);
    expect([within(0, 1, READ), within(0, 1, READ | WRITE)]).toEqual([true, false]);
  });
});

/** The last offset that is not in the stack segments below. */
const LIMIT = 0x8fff;
const DOWN = segment({ type: 6, limit: LIMIT, pages: false });

/** The error codes of the #SS that one instruction met, delivered or on the way to shutdown. */
function stackFaults(rig: Rig): (number | null)[] {
  if (run(rig, 1).reason === 'shutdown')
    return rig.cpu.exceptionChain.filter(({ vector }) => vector === SS).map(({ errorCode }) => errorCode);
  return rip(rig) === rig.handler(SS) ? [rig.word(0)] : [];
}

function withHandlers(rig: Rig, code: readonly number[]): Rig {
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  rig.code(AT.CODE, ...code);
  return rig;
}

describe('frames on a stack that expands down', () => {
  /** The instruction, the bytes of its frame, and the error code of #SS: an event's delivery sets EXT. */
  const PUSHES: readonly (readonly [string, readonly number[], number, number])[] = [
    ['PUSH', [0x50], 4, 0],
    ['PUSHA', [0x60], 32, 0],
    ['near CALL', [0xe8, ...d(0)], 4, 0],
    ['far CALL', [0x9a, ...d(AT.CODE), ...w(SEL.CODE0)], 8, 0],
    ['INT', [0xcd, 0x30], 12, 0],
    ['a fault with an error code', [0x64, 0xa1, ...d(0)], 16, 1],
    ['a call gate of the same level', [0x9a, ...d(0), ...w(SEL.GATE)], 8, 0],
  ];

  // The first offset in the segment is LIMIT + 1; a frame that begins at LIMIT has one byte outside.
  it.each(PUSHES)('%s', (_name, code, bytes, errorCode) => {
    const rigAt = (pointer: number): Rig => {
      const rig = withHandlers(protectedMode(), code);
      rig.descriptor(SEL.DATA0, DOWN);
      rig.descriptor(SEL.GATE, gate(SEL.CODE0, AT.CODE, 12));
      rig.load(Seg.SS, SEL.DATA0);
      rig.call('loadSegment', {}, 0n, BigInt(Seg.FS));
      setReg(rig, ESP, pointer);
      return rig;
    };
    const first = LIMIT + 1 + bytes;
    const fits = rigAt(first);
    expect([stackFaults(fits), reg(fits, ESP)]).toEqual([[], LIMIT + 1]);
    for (const pointer of [first - 1, first - bytes]) expect(stackFaults(rigAt(pointer))).toContain(errorCode);
  });

  it.each([
    ['INT to an inner level', [0xcd, 0x30], 20],
    ['a call gate to an inner level', [0x9a, ...d(0), ...w(SEL.GATE | 3)], 16],
  ] as const)('%s', (_name, code, bytes) => {
    const rigAt = (pointer: number): Rig => {
      const rig = withHandlers(protectedMode(3), code);
      rig.descriptor(SEL.DATA0, DOWN);
      rig.descriptor(SEL.GATE, gate(SEL.CODE0, AT.CODE, 12, { dpl: 3 }));
      rig.set32(AT.TSS + 4, pointer);
      return rig;
    };
    const first = LIMIT + 1 + bytes;
    const fits = rigAt(first);
    expect([stackFaults(fits), reg(fits, ESP), fits.selector(Seg.SS)]).toEqual([[], LIMIT + 1, SEL.DATA0]);
    expect(stackFaults(rigAt(first - 1))).toContain(SEL.DATA0);
  });

  it('without the B flag: up to 64 KiB', () => {
    const rigAt = (pointer: number): Rig => {
      const rig = withHandlers(protectedMode(3), [0xcd, 0x30]);
      rig.descriptor(SEL.DATA0, segment({ type: 6, limit: LIMIT, pages: false, big: false }));
      rig.set32(AT.TSS + 4, pointer);
      return rig;
    };
    expect(stackFaults(rigAt(0))).toEqual([]);
    expect(stackFaults(rigAt(2))).toContain(SEL.DATA0);
  });
});

describe('SS with the rights of code in real-address mode', () => {
  // The types are not tested: what is pushed by INT and by PUSH goes the same way, and "conforming" is not "expand-down".
  it.each([0x93, 0x99, 0x9b, 0x9d, 0x9f])('access rights %i', (attributes) => {
    const rig = realMode();
    program(rig, 0x400, 0, 0x50, 0xcd, 0x10);
    rig.state.segAttributes[Seg.SS] = attributes;
    setReg(rig, ESP, 0x1000);
    expect(run(rig)).toEqual({ retired: 3, reason: 'halted' });
    expect([rip(rig), reg(rig, ESP), rig.get16(0x30000 + 0xff8)]).toEqual([realHandler(0x10) + 1, 0xff8, 3]);
  });
});
