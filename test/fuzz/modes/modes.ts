// The modes of the processor in which random instructions are executed, as states to begin in.

import { CodeMode } from '../../../src/cpu/builder/insn.ts';
import type { SegmentRegister, Sregs } from '../../../src/vm/registers.ts';
import type { Random } from '../random-code.ts';
import { putGates, putRealHandlers, putVectorTable } from './handlers.ts';
import { CODE, DATA, EXTRA, GDT, GDT_LIMIT, IDT, Image, LDT, LDT_LIMIT, SEL, STACK, TABLES, TSS, TSS_LIMIT } from './layout.ts';
import { putPageTables } from './paging.ts';
import type { Paging } from './paging.ts';

/** How operands reach memory: offsets in segments of 64 KiB, in short ones at odd bases, or linear addresses. */
export type Addressing = 'segments' | 'short' | 'flat';

export interface Mode {
  readonly title: string;
  readonly code: CodeMode;
  readonly addressing: Addressing;
  /** Of the handlers. */
  readonly width: 16 | 32 | 64;
  readonly cpl: 0 | 3;
  readonly sregs: Partial<Sregs>;
  /** RFLAGS beyond the status flags. */
  readonly rflags: number;
  readonly image: (random: Random) => Image;
}

const P = 0x80;
const S = 0x10;
const BIG = 0x4000;
const PAGES = 0x8000;
const LONG = 0x2000;
const PE = 1n;
const ET = 0x10n;
const NE = 0x20n;
const WP = 0x10000n;
const PG = 0x80000000n;
const VME = 1n;
const PSE = 0x10n;
const PAE = 0x20n;
const IOPL3 = 0x3000;
const VM = 0x20000;

function segment(selector: number, base: number, limit: number, attributes: number): SegmentRegister {
  return { selector, base: BigInt(base), limit, attributes: P | S | attributes };
}

const attributesOf = (code: boolean, cpl: number, rest: number): number => (code ? 11 : 3) | (cpl << 5) | rest;

type Segments = Pick<Sregs, 'cs' | 'ds' | 'es' | 'ss' | 'fs' | 'gs'>;

/** Real-address and virtual-8086 mode: base is 16 times the selector. */
function paragraphs(cpl: 0 | 3, limit: number, big = 0): Segments {
  const pages = limit > 0xffff ? PAGES : 0;
  const of = (base: number, rest = 0): SegmentRegister => segment(base >> 4, base, limit, attributesOf(false, cpl, pages | rest));
  return { cs: of(CODE), ds: of(DATA, big), es: of(EXTRA, big), ss: of(STACK), fs: of(DATA + 0xff0, big), gs: of(STACK + 0x8000, big) };
}

function segments16(cpl: 0 | 3): Segments {
  const [cs, ds, ss] = cpl === 0 ? [SEL.CODE16_0, SEL.DATA16_0, SEL.STACK16_0] : [SEL.CODE16_3, SEL.DATA16_3, SEL.STACK16_3];
  const data = segment(ds, DATA, 0xffff, attributesOf(false, cpl, 0));
  return {
    cs: segment(cs, CODE, 0xffff, attributesOf(true, cpl, 0)),
    ds: data,
    es: data,
    ss: segment(ss, STACK, 0xffff, attributesOf(false, cpl, 0)),
    fs: segment(SEL.DOWN, DATA, 0x0fff, 7 | 0x60),
    gs: segment(SEL.DATA3, 0, 0xffffffff, 3 | 0x60 | BIG | PAGES),
  };
}

/** Expand-down and short segments at odd bases. */
function shortSegments(cpl: 0 | 3): Segments {
  const [cs, ds, ss] = cpl === 0 ? [SEL.SHORT_CODE0, SEL.SHORT_DATA0, SEL.SHORT_STACK0] : [SEL.SHORT_CODE, SEL.SHORT_DATA, SEL.SHORT_STACK];
  return {
    cs: segment(cs, CODE, 0xfffe, attributesOf(true, cpl, BIG)),
    ds: segment(ds, DATA + 0x13, 0x2fff, attributesOf(false, cpl, BIG)),
    es: segment(SEL.READ_ONLY, DATA, 0x7fff, 1 | 0x60),
    ss: segment(ss, STACK - 0x21, 0x3021, attributesOf(false, cpl, BIG)),
    fs: segment(SEL.DOWN, DATA, 0x0fff, 7 | 0x60),
    gs: segment(SEL.DOWN32, 0, 0x1ffff, 7 | 0x60 | BIG),
  };
}

function flat(cpl: 0 | 3, code64: boolean): Segments {
  const selector = code64 ? (cpl === 0 ? SEL.CODE64_0 : SEL.CODE64_3) : cpl === 0 ? SEL.CODE0 : SEL.CODE3;
  const data = segment(cpl === 0 ? SEL.DATA0 : SEL.DATA3, 0, 0xffffffff, attributesOf(false, cpl, BIG | PAGES));
  return {
    cs: segment(selector, 0, 0xffffffff, attributesOf(true, cpl, PAGES | (code64 ? LONG : BIG))),
    ds: data,
    es: data,
    ss: data,
    fs: { ...data, base: BigInt(DATA) },
    gs: { ...data, base: BigInt(STACK + 0x3ff0) },
  };
}

const SYSTEM: Partial<Sregs> = {
  tr: { selector: SEL.TSS, base: BigInt(TSS), limit: TSS_LIMIT, attributes: 0x8b },
  ldt: { selector: SEL.LDT, base: BigInt(LDT), limit: LDT_LIMIT, attributes: 0x82 },
  gdt: { base: BigInt(GDT), limit: GDT_LIMIT },
  cr2: 0n,
  cr8: 0n,
};

const CR4: Readonly<Record<Paging, bigint>> = { none: 0n, 'two-level': PSE, PAE, 'four-level': PAE };

interface Protected {
  title: string;
  code: CodeMode;
  segments: Segments;
  cpl: 0 | 3;
  paging: Paging;
  addressing?: Addressing;
  rflags?: number;
  vme?: boolean;
}

function protectedMode({ title, code, segments, cpl, paging, addressing = 'flat', rflags = 0, vme = false }: Protected): Mode {
  const long = paging === 'four-level';
  const width = long ? 64 : code === CodeMode.BITS16 && (rflags & VM) === 0 ? 16 : 32;
  return {
    title,
    code,
    addressing,
    cpl,
    rflags,
    width,
    sregs: {
      ...SYSTEM,
      ...segments,
      idt: { base: BigInt(IDT), limit: 0xfff },
      cr0: PE | ET | NE | WP | (paging === 'none' ? 0n : PG),
      cr3: BigInt(TABLES),
      cr4: CR4[paging] | (vme ? VME : 0n),
      efer: long ? 0xd01n : 0n,
    },
    image(random) {
      const image = new Image();
      putVectorTable(image);
      putGates(image, width);
      image.putDescriptors(long);
      image.putTss(long, random);
      if (paging !== 'none') putPageTables(image, paging);
      return image;
    },
  };
}

function realMode(title: string, segments: Segments): Mode {
  return {
    title,
    code: CodeMode.BITS16,
    addressing: 'segments',
    cpl: 0,
    rflags: 0,
    width: 16,
    sregs: { ...SYSTEM, ...segments, idt: { base: 0n, limit: 0x3ff }, cr0: ET, cr3: 0n, cr4: 0n, efer: 0n },
    image(random) {
      const image = new Image();
      putRealHandlers(image);
      image.putDescriptors(false);
      image.putTss(false, random);
      return image;
    },
  };
}

const { BITS16, BITS32, BITS64 } = CodeMode;
const v86 = (title: string, rflags: number, vme: boolean): Mode =>
  protectedMode({
    title,
    code: BITS16,
    segments: paragraphs(3, 0xffff),
    cpl: 3,
    paging: 'two-level',
    addressing: 'segments',
    rflags: VM | rflags,
    vme,
  });
const both = (title: string, make: (cpl: 0 | 3) => Omit<Protected, 'title' | 'cpl'>): Mode[] =>
  ([0, 3] as const).map((cpl) => protectedMode({ title: `${title}, CPL ${cpl}`, cpl, ...make(cpl) }));

export const MODES: readonly Mode[] = [
  realMode('real-address mode', paragraphs(0, 0xffff)),
  realMode('unreal mode', paragraphs(0, 0xffffffff, BIG)),
  v86('virtual-8086 mode, IOPL 0', 0, false),
  v86('virtual-8086 mode, IOPL 3', IOPL3, false),
  v86('virtual-8086 mode, IOPL 0, VME', 0, true),
  v86('virtual-8086 mode, IOPL 3, VME', IOPL3, true),
  ...both('16-bit protected mode', (cpl) => ({
    code: BITS16,
    segments: segments16(cpl),
    paging: cpl === 0 ? 'none' : 'two-level',
    addressing: 'segments',
  })),
  protectedMode({ title: '32-bit, no paging, CPL 0', code: BITS32, segments: flat(0, false), cpl: 0, paging: 'none' }),
  ...both('32-bit, two-level paging', (cpl) => ({
    code: BITS32,
    segments: flat(cpl, false),
    paging: 'two-level',
    rflags: cpl === 3 ? IOPL3 : 0,
  })),
  ...both('32-bit, PAE paging', (cpl) => ({ code: BITS32, segments: flat(cpl, false), paging: 'PAE' })),
  ...both('short segments', (cpl) => ({ code: BITS32, segments: shortSegments(cpl), paging: 'two-level', addressing: 'short' })),
  protectedMode({
    title: 'compatibility mode, 16-bit',
    code: BITS16,
    segments: segments16(3),
    cpl: 3,
    paging: 'four-level',
    addressing: 'segments',
  }),
  protectedMode({ title: 'compatibility mode, 32-bit', code: BITS32, segments: flat(3, false), cpl: 3, paging: 'four-level' }),
  ...both('64-bit mode', (cpl) => ({ code: BITS64, segments: flat(cpl, true), paging: 'four-level' })),
];
