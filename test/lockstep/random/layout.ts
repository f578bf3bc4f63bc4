// Where a random program, its data, stacks, handlers and page tables lie, and the machine that they make up.

import type { SegmentRegister } from '../../../src/vm/registers.ts';
import type { VmConfig } from '../../../src/vm/config.ts';
import { Vm } from '../../../src/vm/vm.ts';
import type { Width } from './assembler.ts';
import { handlers, TIMER_VECTOR } from './handlers.ts';
import { enterSegments, hasPaging } from './segments.ts';
import type { Segments } from './segments.ts';
import { createTestBoard } from './test-board.ts';

export interface Setting {
  readonly width: Width;
  readonly ring: 0 | 3;
  /** 64-bit code at the negative end of the address space. */
  readonly high?: boolean;
  /** Segments that are not flat; every one is in 16-bit code. */
  readonly segments?: Segments;
}

const PAGE = 4096;
export const IDT = 0x1000,
  GDT = 0x2000,
  TSS = 0x3000;
export const HANDLERS = 0x10000;
export const CODE_GPA = 0x20000;
export const CODE_BYTES = 0x8000;
/** Where the word lies that says at which address execution goes on after a fault, and the counts behind it. */
export const RESUME = 0x28000;
/** Counters of loops. */
export const COUNTERS = RESUME + 0x400;
/** Eight pages of data: see WINDOW_RIGHTS. All but the last are within 64 KiB of the code. */
export const WINDOW = 0x29000;
const WINDOW_PAGES = 8;
const STACK = 0x40000;
const STACK_TOP = 0x43000;
/** The stack pointer at the start, in a flat segment. */
export const STACK_START = STACK_TOP - 0x100;
export const HANDLER_STACK = 0x48000,
  HANDLER_STACK_TOP = 0x4a000;
export const TABLES = 0x50000;
const MEMORY = 0x100000;
/** Added to an address of the window or the code: the same pages once more. */
export const ALIAS = 0x800000;

const P = 1;
const W = 2;
const U = 4;
/** By page of the window; 0 is not mapped. The last one is a device. */
const WINDOW_RIGHTS = [P | W | U, P | W | U, P | U, 0, P | W | U, P | W, P | W | U, P | W | U];
export const DEVICE_GPA = 0xf0000000;

const linearCode = ({ width, high }: Setting): number => (width === 64 && high ? -0x80000000 + CODE_GPA : CODE_GPA);

/** RIP of the code's first byte. */
export const codeBase = (setting: Setting): number => linearCode(setting) - (setting.segments?.code ?? 0);

/** Tables of 4 KiB pages, two levels or four. Where the window's entries lie is known to generated programs: `entryOf`. */
class Tables {
  private next = TABLES + PAGE;
  readonly entries = new Map<number, number>();

  constructor(
    private readonly vm: Vm,
    private readonly width: Width,
  ) {}

  map(linear: number, gpa: number, rights: number): void {
    const [levels, bits, bytes] = this.width === 64 ? [3, 9, 8] : [1, 10, 4];
    let table = TABLES;
    for (let level = levels; level >= 0; level--) {
      const at = table + bytes * Number((BigInt.asUintN(48, BigInt(linear)) >> BigInt(12 + bits * level)) % BigInt(1 << bits));
      if (level === 0) {
        this.write(at, (gpa | rights) >>> 0, bytes);
        this.entries.set(linear, at);
      } else {
        if ((this.read(at) & P) === 0) {
          this.write(at, this.next | P | W | U, bytes);
          this.next += PAGE;
        }
        table = this.read(at) & ~0xfff;
      }
    }
  }

  private read(at: number): number {
    return new DataView(this.vm.readMemory(at, 4).buffer).getUint32(0, true);
  }

  private write(at: number, entry: number, bytes: number): void {
    this.vm.writeMemory(at, new Uint8Array(Uint32Array.of(entry, 0).buffer, 0, bytes));
  }
}

function mapAll(vm: Vm, setting: Setting): void {
  const tables = new Tables(vm, setting.width);
  const range = (linear: number, gpa: number, bytes: number, rights: number): void => {
    for (let at = 0; at < bytes; at += PAGE) tables.map(linear + at, gpa + at, rights);
  };
  range(linearCode(setting), CODE_GPA, CODE_BYTES, P | W | U);
  range(CODE_GPA + ALIAS, CODE_GPA, CODE_BYTES, P | W | U);
  for (let page = 0; page < WINDOW_PAGES; page++) {
    const gpa = page === WINDOW_PAGES - 1 ? DEVICE_GPA : WINDOW + page * PAGE;
    for (const linear of [WINDOW, WINDOW + ALIAS]) tables.map(linear + page * PAGE, gpa, WINDOW_RIGHTS[page]!);
  }
  range(STACK, STACK, STACK_TOP - STACK, P | W | U);
  range(RESUME, RESUME, PAGE, P | W | U);
  range(HANDLER_STACK, HANDLER_STACK, HANDLER_STACK_TOP - HANDLER_STACK, P | W);
  for (const page of [IDT, GDT, TSS, HANDLERS]) range(page, page, PAGE, P | W);
  range(TABLES, TABLES, 12 * PAGE, P | W);
}

type FlatWidth = Exclude<Width, 16>;

const segment = (selector: number, attributes: number): SegmentRegister => ({ selector, base: 0n, limit: 0xffffffff, attributes });
const NULL_SEGMENT: SegmentRegister = { selector: 0, base: 0n, limit: 0, attributes: 0x10000 };

/** Selectors: code and data of ring 0 and ring 3. */
const Selector = { CODE0: 0x08, DATA0: 0x10, CODE3: 0x1b, DATA3: 0x23, TSS: 0x28 } as const;

function placeDescriptors(vm: Vm, width: FlatWidth): void {
  const high = width === 64 ? 0x00af0000 : 0x00cf0000;
  const tss = [((TSS & 0xffff) << 16) | 0x67, 0x8b00 | (TSS >> 16)];
  const gdt = [0, 0, 0xffff, high | 0x9b00, 0xffff, 0x00cf9300, 0xffff, high | 0xfb00, 0xffff, 0x00cff300, ...tss, 0, 0];
  vm.writeMemory(GDT, new Uint8Array(Uint32Array.from(gdt).buffer));
  // SS0:ESP0, or RSP0 and IST1
  const stacks =
    width === 32
      ? [
          [4, HANDLER_STACK_TOP],
          [8, Selector.DATA0],
        ]
      : [
          [4, HANDLER_STACK_TOP],
          [36, HANDLER_STACK_TOP],
        ];
  for (const [at, value] of stacks) vm.writeMemory(TSS + at!, new Uint8Array(Uint32Array.of(value!).buffer));
}

/** Interrupt gates; in 64-bit mode all on the stack of IST1, so that a wild stack pointer is survived. INT n is for ring 3 too. */
function placeHandlers(vm: Vm, width: FlatWidth): void {
  const { code, entries } = handlers(width, HANDLERS);
  vm.writeMemory(HANDLERS, code);
  for (const [vector, address] of entries) {
    const type = vector === 3 || vector === 4 ? 0xee00 : 0x8e00;
    const low = (Selector.CODE0 << 16) | (address & 0xffff);
    const middle = (address & 0xffff0000) | type | (width === 64 ? 1 : 0);
    const bytes = width === 64 ? 16 : 8;
    vm.writeMemory(IDT + bytes * vector, new Uint8Array(Int32Array.of(low, middle, 0, 0).buffer, 0, bytes));
  }
}

export interface RandomMachine {
  readonly vm: Vm;
  readonly writes: string[];
}

/** A machine about to enter `code`. `period`: ticks between two timer interrupts, 0 for none. */
export function randomMachine(setting: Setting, code: Uint8Array, period: number, config: Partial<VmConfig>): RandomMachine {
  const writes: string[] = [];
  let vm: Vm | null = null;
  vm = new Vm({
    memory: MEMORY,
    ...config,
    platform: (host) => createTestBoard(host, { period, vector: TIMER_VECTOR, writes, kick: () => vm!.kick() }),
  });
  if (hasPaging(setting.segments)) mapAll(vm, setting);
  vm.writeMemory(CODE_GPA, code);
  if (setting.segments) enterSegments(vm, setting, setting.segments);
  else enterFlat(vm, setting);
  return { vm, writes };
}

function enterFlat(vm: Vm, setting: Setting): void {
  const { ring } = setting;
  const width = setting.width === 64 ? 64 : 32;
  placeDescriptors(vm, width);
  placeHandlers(vm, width);
  const dpl = ring === 3 ? 0x60 : 0;
  const data = segment(ring === 3 ? Selector.DATA3 : Selector.DATA0, 0xc093 | dpl);
  vm.vcpus[0].setSregs({
    cs: segment(ring === 3 ? Selector.CODE3 : Selector.CODE0, (width === 64 ? 0xa09b : 0xc09b) | dpl),
    ds: data,
    es: data,
    ss: data,
    fs: { ...data, base: BigInt(WINDOW) },
    gs: { ...data, base: BigInt(WINDOW + 0xff0) },
    ldt: NULL_SEGMENT,
    tr: { selector: Selector.TSS, base: BigInt(TSS), limit: 0x67, attributes: 0x8b },
    gdt: { base: BigInt(GDT), limit: 0x3f },
    idt: { base: BigInt(IDT), limit: 0x3ff },
    cr0: 0x80010031n,
    cr3: BigInt(TABLES),
    cr4: width === 64 ? 0x20n : 0n,
    efer: width === 64 ? 0x500n : 0n,
  });
  vm.vcpus[0].setRegs({ rip: BigInt.asUintN(64, BigInt(codeBase(setting))), rsp: BigInt(STACK_START), rflags: 0x202n });
}

/** GPA of the page-table entry of the window's page `page`: the window shares one table with everything below 2 MiB. */
export function entryOf({ width, high }: Setting, page: number): number {
  const index = WINDOW / PAGE + page;
  if (width !== 64) return TABLES + PAGE + 4 * index;
  // Tables are made in the order in which `mapAll` needs them.
  return TABLES + (high ? 7 : 3) * PAGE + 8 * index;
}
