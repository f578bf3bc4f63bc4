// Where everything lies in the first megabyte of a machine that executes random instructions in some mode, and the descriptors
// of its GDT and LDT. Linear is physical, but for an alias of the first MiB at 8 MiB in modes with paging.

import { gate, segment } from '../../system/support.ts';

export const MEMORY = 0x100000;
export const IDT = 0x1000,
  GDT = 0x2000,
  LDT = 0x2800,
  TSS = 0x3000,
  FAULT_TSS = 0x3800,
  HANDLERS = 0x5000;
/** What a run may change of the above is put back each time the processor is set up anew. */
export const SYSTEM_PAGES = { from: 0, to: 0x6000 } as const;
export const HANDLER_STACK_TOP = 0x8ff0,
  FAULT_STACK_TOP = 0x9ff0;
/** 64 KiB each: code, data (DS), stack and extra data. */
export const CODE = 0x10000,
  DATA = 0x20000,
  STACK = 0x30000,
  EXTRA = 0x40000;
export const TABLES = 0x50000;
export const PAGE = 4096;
/** Page of DATA that is no memory but a device, in modes with paging. */
export const DEVICE_GPA = 0xf0000000;

/** Ports below this have a bit in the TSS's I/O map. */
const MAPPED_PORTS = 0x400;
const REDIRECTION = 0x68;
const IO_MAP = REDIRECTION + 32;
export const TSS_LIMIT = IO_MAP + MAPPED_PORTS / 8;

// biome-ignore format: a table
export const SEL = {
  CODE0: 0x08, DATA0: 0x10, CODE3: 0x1b, DATA3: 0x23, TSS: 0x28, CODE64_0: 0x38, CODE64_3: 0x43, CODE16_0: 0x48, DATA16_0: 0x50,
  CODE16_3: 0x5b, DATA16_3: 0x63, STACK16_0: 0x68, STACK16_3: 0x73, LDT: 0x78, FAULT_TSS: 0x88, DOWN: 0x93, CONFORMING: 0x98,
  ABSENT: 0xa3, GATE: 0xab, READ_ONLY: 0xb3, EXECUTE_ONLY: 0xbb, SHORT_CODE: 0xc3, SHORT_DATA: 0xcb, SHORT_STACK: 0xd3, DOWN32: 0xdb,
  HANDLERS16: 0xe0, SHORT_CODE0: 0xe8, SHORT_DATA0: 0xf0, SHORT_STACK0: 0xf8,
} as const;
const GDT_BYTES = 0x100;
export const GDT_LIMIT = GDT_BYTES - 1;
export const LDT_LIMIT = 0x3f;

const DATA_RW = 3;
const DATA_RO = 1;
const DATA_DOWN = 7;
const CODE_XR = 11;
const CODE_X = 9;
const CODE_C = 15;
const small = { big: false, pages: false } as const;
/** Bases of no alignment and limits that are met. */
const SHORT = {
  code: { base: CODE, limit: 0xfffe, pages: false },
  data: { base: DATA + 0x13, limit: 0x2fff, pages: false },
  stack: { base: STACK - 0x21, limit: 0x3021, pages: false },
} as const;

/** Eight bytes each; `wide` is IA-32e mode, where LDT and TSS descriptors have sixteen. */
function descriptors(wide: boolean): ReadonlyMap<number, bigint> {
  const at = (base: number, limit: number): { base: number; limit: number; pages: false } => ({ base, limit, pages: false });
  const system = { system: true, ...small } as const;
  return new Map<number, bigint>([
    [SEL.CODE0, segment({ type: CODE_XR })],
    [SEL.DATA0, segment({ type: DATA_RW })],
    [SEL.CODE3, segment({ type: CODE_XR, dpl: 3 })],
    [SEL.DATA3, segment({ type: DATA_RW, dpl: 3 })],
    [SEL.CODE64_0, segment({ type: CODE_XR, long: true })],
    [SEL.CODE64_3, segment({ type: CODE_XR, dpl: 3, long: true })],
    [SEL.TSS, segment({ ...at(TSS, TSS_LIMIT), ...system, type: 11 })],
    [SEL.LDT, segment({ ...at(LDT, LDT_LIMIT), ...system, type: 2 })],
    ...(wide ? [] : [[SEL.FAULT_TSS, segment({ ...at(FAULT_TSS, 0x67), ...system, type: 9 })] as const]),
    [SEL.CODE16_0, segment({ ...at(CODE, 0xffff), ...small, type: CODE_XR })],
    [SEL.CODE16_3, segment({ ...at(CODE, 0xffff), ...small, type: CODE_XR, dpl: 3 })],
    [SEL.DATA16_0, segment({ ...at(DATA, 0xffff), ...small, type: DATA_RW })],
    [SEL.DATA16_3, segment({ ...at(DATA, 0xffff), ...small, type: DATA_RW, dpl: 3 })],
    [SEL.STACK16_0, segment({ ...at(STACK, 0xffff), ...small, type: DATA_RW })],
    [SEL.STACK16_3, segment({ ...at(STACK, 0xffff), ...small, type: DATA_RW, dpl: 3 })],
    [SEL.DOWN, segment({ ...at(DATA, 0x0fff), ...small, type: DATA_DOWN, dpl: 3 })],
    [SEL.DOWN32, segment({ ...at(0, 0x1ffff), type: DATA_DOWN, dpl: 3 })],
    [SEL.CONFORMING, segment({ type: CODE_C })],
    [SEL.ABSENT, segment({ type: DATA_RW, dpl: 3, present: false })],
    [SEL.GATE, gate(wide ? SEL.CODE64_0 : SEL.CODE0, HANDLERS, 12, { dpl: 3 })],
    [SEL.READ_ONLY, segment({ ...at(DATA, 0x7fff), type: DATA_RO, dpl: 3 })],
    [SEL.EXECUTE_ONLY, segment({ type: CODE_X, dpl: 3 })],
    [SEL.SHORT_CODE, segment({ ...SHORT.code, type: CODE_XR, dpl: 3 })],
    [SEL.SHORT_CODE0, segment({ ...SHORT.code, type: CODE_XR })],
    [SEL.SHORT_DATA, segment({ ...SHORT.data, type: DATA_RW, dpl: 3 })],
    [SEL.SHORT_DATA0, segment({ ...SHORT.data, type: DATA_RW })],
    [SEL.SHORT_STACK, segment({ ...SHORT.stack, type: DATA_RW, dpl: 3 })],
    [SEL.SHORT_STACK0, segment({ ...SHORT.stack, type: DATA_RW })],
    [SEL.HANDLERS16, segment({ ...at(0, 0xffff), ...small, type: CODE_XR })],
  ]);
}

/** The first megabyte, as bytes to fill in. */
export class Image {
  readonly bytes = new Uint8Array(MEMORY);
  readonly view = new DataView(this.bytes.buffer);

  put(at: number, bytes: ArrayLike<number>): void {
    this.bytes.set(bytes, at);
  }

  /** GDT and LDT. The LDT repeats the GDT's first eight. */
  putDescriptors(wide: boolean): void {
    for (const [selector, descriptor] of descriptors(wide)) {
      const at = selector & 0xf8;
      this.view.setBigUint64(GDT + at, descriptor, true);
      if (at <= LDT_LIMIT) this.view.setBigUint64(LDT + at, descriptor, true);
    }
  }

  /** The TSS, and outside IA-32e mode the one that a double fault switches to; `random` chooses redirected vectors and ports. */
  putTss(wide: boolean, random: (below: number) => number): void {
    const { view } = this;
    for (const at of wide ? [4, 12, 20, 36] : [4]) view.setUint32(TSS + at, HANDLER_STACK_TOP, true);
    if (!wide) view.setUint32(TSS + 8, SEL.DATA0, true);
    view.setUint16(TSS + 0x66, IO_MAP, true);
    for (let at = TSS + REDIRECTION; at < TSS + TSS_LIMIT; at++) this.bytes[at] = random(2) * random(256);
    this.bytes[TSS + TSS_LIMIT] = 0xff;
    const fields = [
      [0x1c, TABLES],
      [0x20, HANDLERS],
      [0x24, 2],
      [0x38, FAULT_STACK_TOP],
      [0x4c, SEL.CODE0],
      [0x50, SEL.DATA0],
    ] as const;
    for (const [at, value] of [...fields, [0x48, SEL.DATA0], [0x54, SEL.DATA0]] as const) view.setUint32(FAULT_TSS + at, value, true);
    view.setUint16(FAULT_TSS + 0x66, 0x68, true);
  }
}
