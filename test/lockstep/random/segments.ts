// Random programs in segments: real-address mode, virtual-8086 mode, and protected mode with descriptors of every kind.

import type { SegmentRegister } from '../../../src/vm/registers.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { CODE_GPA, GDT, HANDLERS, HANDLER_STACK, HANDLER_STACK_TOP, IDT, STACK_START, TABLES, TSS, WINDOW } from './layout.ts';
import type { Setting } from './layout.ts';
import { handlers16, handlers32 } from './segmented-handlers.ts';

export interface Segments {
  /** Unreal: real-address mode with data segments of 4 GiB. */
  readonly mode: 'real' | 'unreal' | 'virtual-8086' | 'protected';
  /** Linear bases of CS, DS, ES and SS; multiples of 16. */
  readonly code: number;
  readonly data: number;
  readonly extra: number;
  readonly stack: number;
  /** 64 KiB unless given. */
  readonly codeLimit?: number;
  /** Protected mode: the limit of DS (64 KiB unless given), SS.B (as CS.D unless given), and whether CS may not be read. */
  readonly dataLimit?: number;
  readonly stack16?: boolean;
  readonly executeOnly?: boolean;
  readonly iopl?: number;
}

export const hasPaging = (segments: Segments | undefined): boolean => !segments || /^(?:virtual|protected)/.test(segments.mode);
const hasSelectors = ({ mode }: Segments): boolean => mode === 'protected';

/** How far the second base of the code lies below the first. */
export const CODE_ALIAS = 0x40;
const K64 = 0xffff;
const ALL = 0xffffffff;
const BIG = 0x4000;
const CODE = 0x9b;
const DATA = 0x93;

/** GDT selectors; the program's have its ring as RPL. */
const Sel = {
  CODE32: 0x08,
  DATA32: 0x10,
  TSS: 0x18,
  HANDLER_CODE: 0x20,
  HANDLER_STACK: 0x28,
  HANDLER_DATA: 0x30,
  CODE: 0x38,
  CODE_ALIAS: 0x40,
  DATA: 0x48,
  EXTRA: 0x50,
  STACK: 0x58,
  MORE: 0x60,
  DOWN: 0x68,
  SMALL: 0x70,
  CONSTANT: 0x78,
} as const;
type Name = keyof typeof Sel;
type Descriptors = Readonly<Record<Name, SegmentRegister>>;

function descriptors({ width, ring }: Setting, segments: Segments): Descriptors {
  const { code, data, extra, stack, codeLimit = K64, dataLimit = K64, stack16 = width === 16, executeOnly = false } = segments;
  const dpl = ring << 5;
  const size = width === 16 ? 0 : BIG;
  const type = executeOnly ? CODE & ~2 : CODE;
  const of = (base: number, limit: number, attributes: number): SegmentRegister => ({
    selector: 0,
    base: BigInt(base),
    limit,
    attributes: attributes | (limit > 0xfffff ? 0x8000 : 0),
  });
  const list: Record<Name, SegmentRegister> = {
    CODE32: of(0, ALL, CODE | BIG),
    DATA32: of(0, ALL, DATA | BIG),
    TSS: of(TSS, 0x67, 0x8b),
    HANDLER_CODE: of(HANDLERS, K64, CODE),
    HANDLER_STACK: of(HANDLER_STACK & ~K64, K64, DATA),
    HANDLER_DATA: of(data, K64, DATA),
    CODE: of(code, codeLimit, type | dpl | size),
    CODE_ALIAS: of(code - CODE_ALIAS, codeLimit, type | dpl | size),
    DATA: of(data, dataLimit, DATA | dpl | size),
    EXTRA: of(extra, K64, DATA | dpl),
    STACK: of(stack, stack16 ? STACK_START - stack + 0xfff : ALL, DATA | dpl | (stack16 ? 0 : BIG)),
    MORE: of(WINDOW, ALL, DATA | dpl | BIG),
    // Data that expands down, that ends early, and that may only be read.
    DOWN: of(data, (WINDOW - data + 0x1004) >>> 0, 0x97 | dpl),
    SMALL: of(data, (WINDOW - data + 0x1001) >>> 0, DATA | dpl),
    CONSTANT: of(data, K64, 0x91 | dpl),
  };
  for (const name of Object.keys(list) as Name[]) {
    const own = Sel[name] >= Sel.CODE ? ring : 0;
    list[name] = { ...list[name], selector: Sel[name] | own };
  }
  return list;
}

function descriptorBytes({ base, limit, attributes }: SegmentRegister): number[] {
  const at = Number(base);
  const pages = limit > 0xfffff ? limit >>> 12 : limit;
  const rights = ((attributes & 0xf000) << 8) | ((attributes & 0xff) << 8);
  return [(at << 16) | (pages & K64), (at & ~0xffffff) | rights | (pages & 0xf0000) | ((at >> 16) & 0xff)];
}

export interface Selectors {
  /** Of the code, by its own base and by the other, and of the data. */
  readonly code: number;
  readonly alias: number;
  readonly data: number;
  /** What a program may load into ES, FS and GS. */
  readonly free: readonly number[];
}

export function selectorsOf(setting: Setting): Selectors {
  const { segments, ring } = setting;
  const { code, data, extra, stack } = segments!;
  if (hasSelectors(segments!)) {
    const of = (name: Name): number => Sel[name] | ring;
    const free = (['DATA', 'EXTRA', 'STACK', 'MORE', 'DOWN', 'SMALL', 'CONSTANT', 'CODE'] as const).map(of);
    return { code: of('CODE'), alias: of('CODE_ALIAS'), data: of('DATA'), free: [...free, 0] };
  }
  const free = [data, extra, stack, WINDOW, WINDOW + 0x10f0, code].map((base) => base >> 4);
  return { code: code >> 4, alias: (code - CODE_ALIAS) >> 4, data: data >> 4, free: [...free, 0xffff] };
}

const words = (...list: number[]): Uint8Array => new Uint8Array(Uint32Array.from(list).buffer);

function placeProtected(vm: Vm, setting: Setting, segments: Segments, list: Descriptors): void {
  const is16 = setting.width === 16 && hasSelectors(segments);
  vm.writeMemory(GDT, words(0, 0, ...Object.values(list).flatMap(descriptorBytes)));
  if (is16) vm.writeMemory(TSS + 4, words(HANDLER_STACK_TOP & K64, Sel.HANDLER_STACK));
  else vm.writeMemory(TSS + 4, words(HANDLER_STACK_TOP, Sel.DATA32));
  const { code, data } = selectorsOf(setting);
  const { bytes, entries } = is16
    ? handlers16({ code, data, handlerData: Sel.HANDLER_DATA, base: segments.data, errorCodes: true })
    : handlers32({ code, data, handlerData: Sel.DATA32, virtual: segments.mode === 'virtual-8086', origin: HANDLERS });
  vm.writeMemory(HANDLERS, bytes);
  for (const [vector, address] of entries) {
    const type = (is16 ? 0x8600 : 0x8e00) | (vector === 3 || vector === 4 ? 0x6000 : 0);
    const selector = is16 ? Sel.HANDLER_CODE : Sel.CODE32;
    vm.writeMemory(IDT + 8 * vector, words(((selector << 16) | (address & K64)) >>> 0, ((address & ~K64) | type) >>> 0));
  }
}

function placeReal(vm: Vm, setting: Setting, segments: Segments): void {
  const { code, data } = selectorsOf(setting);
  const { bytes, entries } = handlers16({ code, data, handlerData: data, base: segments.data, errorCodes: false });
  vm.writeMemory(HANDLERS, bytes);
  for (const [vector, address] of entries) vm.writeMemory(4 * vector, words(((HANDLERS >> 4) << 16) | address));
}

/** Places descriptors and handlers, and loads the registers. */
export function enterSegments(vm: Vm, setting: Setting, segments: Segments): void {
  const { mode, code, data, extra, stack, iopl = 0 } = segments;
  const list = descriptors(setting, segments);
  const NULL: SegmentRegister = { selector: 0, base: 0n, limit: 0, attributes: 0x10000 };
  const real = (base: number, limit = K64, rights = DATA): SegmentRegister => ({
    selector: base >> 4,
    base: BigInt(base),
    limit,
    attributes: mode === 'virtual-8086' ? 0xf3 : rights,
  });
  const wide = mode === 'unreal' ? ALL : K64;
  if (hasPaging(segments)) placeProtected(vm, setting, segments, list);
  else placeReal(vm, setting, segments);
  const loaded = hasSelectors(segments)
    ? { cs: list.CODE, ds: list.DATA, es: list.EXTRA, ss: list.STACK, fs: list.MORE, gs: list.DOWN }
    : {
        cs: real(code, segments.codeLimit, CODE),
        ds: real(data, wide),
        es: real(extra, wide),
        ss: real(stack),
        fs: real(WINDOW, wide),
        gs: real(WINDOW + 0xff0),
      };
  vm.vcpus[0].setSregs({
    ...loaded,
    ldt: NULL,
    tr: { ...list.TSS, selector: Sel.TSS },
    gdt: { base: BigInt(GDT), limit: 0x7f },
    idt: hasPaging(segments) ? { base: BigInt(IDT), limit: 0x3ff } : { base: 0n, limit: 0x3ff },
    cr0: hasPaging(segments) ? 0x80010031n : 0x30n,
    cr3: hasPaging(segments) ? BigInt(TABLES) : 0n,
    cr4: 0n,
    efer: 0n,
  });
  const flags = 0x202 | (iopl << 12) | (mode === 'virtual-8086' ? 0x20000 : 0);
  vm.vcpus[0].setRegs({ rip: BigInt((CODE_GPA - code) >>> 0), rsp: BigInt(STACK_START - stack), rflags: BigInt(flags) });
}
