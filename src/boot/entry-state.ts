// The states in which images are entered: flat segments over one GDT that lies in guest memory too, so that a guest that
// reloads a segment before it has a GDT of its own still finds one.

import { Packer } from './bytes.ts';
import type { Placement } from './placement.ts';
import type { GprName } from '../vm/registers.ts';
import type { EntryState, SegmentState } from './target.ts';

/** Selectors in the GDT below. */
export const Selector = { CODE64: 0x08, CODE32: 0x10, DATA: 0x18 } as const;

/** Segment descriptors (SDM vol. 3, "Segment Descriptors"): base 0, limit 4 GiB, DPL 0; null, CODE64, CODE32, DATA. */
const GDT = [
  [0, 0],
  [0x0000ffff, 0x00af9b00],
  [0x0000ffff, 0x00cf9b00],
  [0x0000ffff, 0x00cf9300],
] as const;

/** Linux's 64-bit entry wants 64-bit code at selector 0x10 (__BOOT_CS) and data at 0x18 (__BOOT_DS). */
const LINUX_GDT = [GDT[0], GDT[2], GDT[1], GDT[3]] as const;
const BOOT_CS = 0x10;

const FLAT_LIMIT = 0xffffffff;
/** Type 11 (code, execute/read, accessed) or 3 (data, read/write, accessed), S, P, G; L or D/B by width. */
const CODE64: SegmentState = { selector: Selector.CODE64, base: 0, limit: FLAT_LIMIT, attributes: 0xa09b };
const CODE32: SegmentState = { selector: Selector.CODE32, base: 0, limit: FLAT_LIMIT, attributes: 0xc09b };
const DATA: SegmentState = { selector: Selector.DATA, base: 0, limit: FLAT_LIMIT, attributes: 0xc093 };
/** LDTR and TR as after reset, but TR with the limit that PVH asks for: busy 32-bit TSS. */
const LDTR: SegmentState = { selector: 0, base: 0, limit: 0xffff, attributes: 0x82 };
const TR: SegmentState = { selector: 0, base: 0, limit: 0x67, attributes: 0x8b };

const Cr0 = { PE: 1, ET: 0x10, PG: 0x80000000 } as const;
const Cr4 = { PAE: 0x20 } as const;
const Efer = { LME: 0x100, LMA: 0x400 } as const;
/** Bit 1 is always set; IF is clear. */
const RFLAGS = 2;

export const STACK_BYTES = 16384;

type Gprs = { readonly [K in GprName]?: number };

const segmentsWith = (cs: SegmentState): EntryState['segments'] => ({
  es: DATA,
  cs,
  ss: DATA,
  ds: DATA,
  fs: DATA,
  gs: DATA,
  ldtr: LDTR,
  tr: TR,
});

function placeGdt(placement: Placement, descriptors: readonly (readonly number[])[] = GDT): EntryState['gdtr'] {
  const bytes = new Packer().u32(...descriptors.flat()).bytes();
  return { base: placement.put('GDT', bytes, 8), limit: bytes.length - 1 };
}

/** 32-bit protected mode, flat, paging off, interrupts off. */
export function protected32(placement: Placement, rip: number, gpr: Gprs): EntryState {
  return {
    mode: 'protected32',
    rip,
    gpr,
    segments: segmentsWith(CODE32),
    gdtr: placeGdt(placement),
    idtr: { base: 0, limit: 0 },
    cr0: Cr0.PE | Cr0.ET,
    cr3: 0,
    cr4: 0,
    efer: 0,
    rflags: RFLAGS,
  };
}

/** 64-bit mode on the page tables at `cr3`, ring 0, interrupts off. */
export function long64(placement: Placement, rip: number, cr3: number, gpr: Gprs): EntryState {
  return { ...longState(rip, cr3, gpr), segments: segmentsWith(CODE64), gdtr: placeGdt(placement) };
}

const longState = (rip: number, cr3: number, gpr: Gprs): Omit<EntryState, 'segments' | 'gdtr'> => ({
  mode: 'long64',
  rip,
  gpr,
  idtr: { base: 0, limit: 0 },
  cr0: Cr0.PG + Cr0.ET + Cr0.PE,
  cr3,
  cr4: Cr4.PAE,
  efer: Efer.LME | Efer.LMA,
  rflags: RFLAGS,
});

/** As `long64`, with the selectors of the Linux boot protocol. */
export function linux64(placement: Placement, rip: number, cr3: number, gpr: Gprs): EntryState {
  const segments = segmentsWith({ ...CODE64, selector: BOOT_CS });
  return { ...longState(rip, cr3, gpr), segments, gdtr: placeGdt(placement, LINUX_GDT) };
}

/** Reserves the initial stack and returns its end: 16-byte aligned, as the System V ABI has it at a process's entry. */
export const placeStack = (placement: Placement): number => placement.reserve('stack', STACK_BYTES, 4096) + STACK_BYTES;
