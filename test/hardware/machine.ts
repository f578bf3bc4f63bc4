// The machine that a vector runs on: the address space of the recorder, ring 3, nothing else mapped.

import { LinearMemory } from '../../src/base/linear-memory.ts';
import { planRegions } from '../../src/base/state/regions.ts';
import type { MachineShape } from '../../src/base/state/regions.ts';
import { viewsOf } from '../../src/base/state/table.ts';
import { Seg, VCPU_STATE } from '../../src/base/state/vcpu.ts';
import { CR0, CR4, EFER } from '../../src/cpu/arch/control-bits.ts';
import { Cpu } from '../../src/cpu/cpu.ts';
import type { CpuHost } from '../../src/cpu/host.ts';
import { cpuRegions } from '../../src/cpu/regions.ts';
import { createMmu } from '../../src/mmu/create.ts';
import type { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import { mmuRegions } from '../../src/mmu/regions.ts';
import { EVERYTHING } from '../support/cpu-models.ts';
import { CODE_BASE, DATA_BASE, DATA_SIZE, GS_BASE, WIDE_BASE } from './vector.ts';
import type { VectorMode } from './vector.ts';

/** 64-bit code; 32-bit or 16-bit code under IA-32e (as it was recorded), and of a 32-bit system, with PAE and two-level paging. */
export type Setting = '64-bit' | 'compatibility' | 'PAE' | 'two-level';

export interface VectorMachine {
  readonly setting: Setting;
  readonly memory: LinearMemory;
  readonly physical: PhysicalMemory;
  readonly cpu: Cpu;
  /** The bytes of the code and data pages, live. */
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  readonly codeGfn: number;
  /** Byte offset of the vCPU's jump cache. */
  readonly jumpCaches: number;
}

const RAM = 0x200000;
const CODE_BYTES = 0x10000;
const CODE_GPA = 0x10000;
const DATA_GPA = 0x20000;
const TABLES_GPA = 0x100000;
/** Present, writable, user, accessed, dirty: walks have nothing to set. */
const ENTRY = 0x67n;
const SUPERVISOR = 0x63n;
const TSS_BASE = 0x30000000;
const TSS_GPA = 0x30000;
const LDT_BASE = 0x30001000;
const LDT_GPA = 0x31000;
const GDT_BASE = 0x30002000;
const GDT_GPA = 0x32000;

const SILENT_HOST: CpuHost = {
  readPort: () => 0,
  writePort: () => true,
  readMmio: () => 0,
  writeMmio: () => true,
  tsc: () => 0,
  interruptPending: () => false,
  acknowledgeInterrupt: () => 0,
};

interface Level {
  readonly shift: number;
  readonly bits: number;
  readonly entry: bigint;
}

const LEVELS: Record<Setting, readonly Level[]> = {
  '64-bit': [39, 30, 21, 12].map((shift) => ({ shift, bits: 9, entry: ENTRY })),
  compatibility: [39, 30, 21, 12].map((shift) => ({ shift, bits: 9, entry: ENTRY })),
  // a PDPTE has no rights, only P (SDM vol. 3, "PAE Paging")
  PAE: [
    { shift: 30, bits: 2, entry: 1n },
    { shift: 21, bits: 9, entry: ENTRY },
    { shift: 12, bits: 9, entry: ENTRY },
  ],
  'two-level': [22, 12].map((shift) => ({ shift, bits: 10, entry: ENTRY })),
};

/** Writes page tables for the two windows; entries are 4 bytes in two-level paging, else 8. */
function mapWindows(setting: Setting, memory: LinearMemory, physical: PhysicalMemory): void {
  const bytes = setting === 'two-level' ? 4 : 8;
  let free = TABLES_GPA + 0x1000;
  const { view } = memory;
  const map = (linear: number, gpa: number, leaf: bigint): void => {
    let table = TABLES_GPA;
    for (const { shift, bits, entry } of LEVELS[setting]) {
      const at = physical.hostOffset(table + bytes * (Math.floor(linear / 2 ** shift) % 2 ** bits));
      if (shift > 12 && (view.getUint32(at, true) & 1) === 0) {
        view.setUint32(at, Number(BigInt(free) | entry), true);
        free += 0x1000;
      } else if (shift === 12) {
        view.setUint32(at, Number(BigInt(gpa) | leaf), true);
      }
      table = view.getUint32(at, true) & ~0xfff;
    }
  };
  for (let page = 0; page < CODE_BYTES; page += 0x1000) map(CODE_BASE + page, CODE_GPA + page, ENTRY);
  for (let page = 0; page < DATA_SIZE; page += 0x1000) map(DATA_BASE + page, DATA_GPA + page, ENTRY);
  map(WIDE_BASE, DATA_GPA + 0x1000, ENTRY);
  map(TSS_BASE, TSS_GPA, SUPERVISOR);
  map(LDT_BASE, LDT_GPA, SUPERVISOR);
  map(GDT_BASE, GDT_GPA, SUPERVISOR);
  // the I/O map lies beyond the limit: no port is permitted
  view.setUint16(physical.hostOffset(TSS_GPA + 0x66), 0xffff, true);
}

const CODE_64 = 0xa0fb;
const CODE_32 = 0xc0fb;
const DATA = 0xc0f3;
const NULL_DATA = 0x1c0f3;
const CODE_16 = 0xfb;
const DATA_16 = 0xf3;

const BIG = 4;
const PAGES = 8;
const READ_EXEC_ONLY = 1;
const ABSENT = 2;
const DATA_TYPE = 0;
const DOWN_TYPE = 1;
const CODE_TYPE = 2;

/** The recorder's LDT (test/oracle/segments.h): base, limit, bits 3:2 of the type, flags. */
const LDT: readonly (readonly [number, number, number, number] | null)[] = [
  [CODE_BASE, 0xffff, CODE_TYPE, 0],
  [DATA_BASE, DATA_SIZE - 1, DATA_TYPE, 0],
  [WIDE_BASE, 0xffff, DATA_TYPE, 0],
  [0, 0xfffff, CODE_TYPE, BIG | PAGES],
  null,
  [CODE_BASE, 0xffff, CODE_TYPE, READ_EXEC_ONLY],
  [CODE_BASE, 0x8ff, CODE_TYPE, BIG],
  [CODE_BASE, 0xffff, CODE_TYPE, ABSENT],
  null,
  [DATA_BASE, 0xfff, DATA_TYPE, READ_EXEC_ONLY],
  [DATA_BASE, 0xfff, DOWN_TYPE, 0],
  [DATA_BASE, 0xfff, DOWN_TYPE, BIG | READ_EXEC_ONLY],
  [DATA_BASE, 1, DATA_TYPE, BIG | PAGES],
  [DATA_BASE, 0x1fff, DATA_TYPE, ABSENT],
  [0, 0xfffff, DATA_TYPE, BIG | PAGES],
];

/** As Linux makes them: ring 3, accessed. */
function placeLdt({ view }: LinearMemory, at: number): void {
  for (const [n, entry] of LDT.entries()) {
    if (entry === null) continue;
    const [base, limit, kind, flags] = entry;
    const access = 0x71 | (kind << 2) | (flags & READ_EXEC_ONLY ? 0 : 2) | (flags & ABSENT ? 0 : 0x80);
    const high = (base & 0xff000000) | ((flags & (BIG | PAGES)) << 20) | (limit & 0xf0000) | (access << 8) | ((base >>> 16) & 0xff);
    view.setUint32(at + 8 * n, (base << 16) | (limit & 0xffff), true);
    view.setUint32(at + 8 * n + 4, high, true);
  }
}

/** Of Linux's GDT: user code of 32 bits, data, user code of 64 bits. No vector names another entry. */
const GDT: readonly (readonly [number, bigint])[] = [
  [0x20, 0x00cffb000000ffffn],
  [0x28, 0x00cff3000000ffffn],
  [0x30, 0x00affb000000ffffn],
];
const GDT_LIMIT = 0x7f;

function placeGdt({ view }: LinearMemory, at: number): void {
  for (const [offset, descriptor] of GDT) view.setBigUint64(at + offset, descriptor, true);
}

/** Of 16-bit code: selectors, bases and limits of the data segment of 16-bit code. */
const DATA_SEGMENTS_16 = {
  16: { selector: 0x0f, base: DATA_BASE, limit: DATA_SIZE - 1 },
  '16w': { selector: 0x17, base: WIDE_BASE, limit: 0xffff },
} as const;

function setSegments16(mode: '16' | '16w', { segSelector, segAttributes, segLimit, segBase }: Cpu['state']): void {
  const { selector, base, limit } = DATA_SEGMENTS_16[mode];
  for (const s of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS]) {
    segSelector[s] = selector;
    segAttributes[s] = DATA_16;
    segLimit[s] = limit;
    segBase[s] = BigInt(base);
  }
  segSelector[Seg.CS] = 7;
  segAttributes[Seg.CS] = CODE_16;
  segLimit[Seg.CS] = 0xffff;
  segBase[Seg.CS] = BigInt(CODE_BASE);
}

/** Selectors and segments as Linux gives them to user code; in 64-bit code DS and ES are null, FS and GS have bases. */
function setSegments(is64: boolean, { segSelector, segAttributes, segLimit, segBase }: Cpu['state']): void {
  for (const s of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS]) {
    const isNull = is64 && s !== Seg.SS;
    segSelector[s] = isNull ? 0 : 0x2b;
    segAttributes[s] = isNull ? NULL_DATA : DATA;
    segLimit[s] = 0xffffffff;
  }
  segSelector[Seg.CS] = is64 ? 0x33 : 0x23;
  segAttributes[Seg.CS] = is64 ? CODE_64 : CODE_32;
  segLimit[Seg.CS] = 0xffffffff;
  if (is64) {
    segBase[Seg.FS] = BigInt(DATA_BASE);
    segBase[Seg.GS] = BigInt(GS_BASE);
  }
}

function setSystemSegments({ segAttributes, segLimit, segBase }: Cpu['state']): void {
  segAttributes[Seg.LDTR] = 0x82;
  segBase[Seg.LDTR] = BigInt(LDT_BASE);
  segLimit[Seg.LDTR] = 8 * LDT.length - 1;
  segAttributes[Seg.TR] = 0x8b;
  segBase[Seg.TR] = BigInt(TSS_BASE);
  segLimit[Seg.TR] = 0x67;
}

/** A machine in the state common to all vectors of `mode` in `setting`. */
export function vectorMachine(setting: Setting, mode: VectorMode): VectorMachine {
  const shape: MachineShape = { vcpus: 1, gfnLimit: RAM / 4096, ramBytes: RAM };
  const plan = planRegions([...cpuRegions(shape), ...mmuRegions(shape)]);
  const memory = LinearMemory.create(plan.total.bytes, false);
  const state = viewsOf(VCPU_STATE, memory, plan.vcpu!.offset);
  const { physical, vcpus } = createMmu(memory, plan, shape, 'none', [state]);
  physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: RAM });
  mapWindows(setting, memory, physical);
  placeLdt(memory, physical.hostOffset(LDT_GPA));
  const long = setting === '64-bit' || setting === 'compatibility';
  placeGdt(memory, physical.hostOffset(GDT_GPA));
  state.gdtrBase[0] = BigInt(GDT_BASE);
  state.gdtrLimit[0] = GDT_LIMIT;
  state.cr0[0] = CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE | CR0.AM;
  state.cr3[0] = BigInt(TABLES_GPA);
  state.cr4[0] = (setting === 'two-level' ? CR4.PSE : CR4.PAE) | CR4.FSGSBASE | CR4.UMIP | CR4.OSFXSR;
  state.efer[0] = long ? EFER.SCE | EFER.LME | EFER.LMA | EFER.NXE : 0n;
  const cpu = new Cpu(0, memory, plan.vcpu!.offset, vcpus[0]!, SILENT_HOST, { on: null }, EVERYTHING);
  if (mode === '16' || mode === '16w') setSegments16(mode, state);
  else setSegments(mode === '64', state);
  setSystemSegments(state);
  cpu.flags.write(0x202);
  cpu.enterGuest();
  if (setting === 'PAE' && !cpu.mmu.loadPdptes(TABLES_GPA)) throw new Error('PDPTEs refused');
  const at = (gpa: number, bytes: number): Uint8Array => memory.u8.subarray(physical.hostOffset(gpa), physical.hostOffset(gpa) + bytes);
  return {
    setting,
    memory,
    physical,
    cpu,
    code: at(CODE_GPA, CODE_BYTES),
    data: at(DATA_GPA, DATA_SIZE),
    codeGfn: CODE_GPA / 4096,
    jumpCaches: plan['jump-cache']!.offset,
  };
}
