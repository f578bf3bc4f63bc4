// Saved at any point and restored elsewhere, a machine goes on as if nothing had happened; and a state that is none is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import type { VmState } from '../../src/vm/save.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { loadGuest } from '../guests/run-guest.ts';
import type { LoadedGuest } from '../guests/run-guest.ts';
import { assemble, u32 } from '../support/code.ts';
import { describeMoves, describeTracked, finalState, kept, move } from './moves.ts';
import { CODE, DEVICE, ENGINE_NAMES, accessText, machine32, runAnswering, setIdt } from './support.ts';

const HLT = 0xf4;
const NOP = 0x90;
const STI = 0xfb;
const IRET = 0xcf;
const INC_EBX = 0x43;

describeMoves(1, 11);
describeTracked(['translator']);

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  describe('continues bit for bit', () => {
    it('after each instruction: shadows, a pending NMI and a waiting interrupt, single steps, REP', () => {
      // MOV ECX, 5; MOV EDI, 0x9000; STI; NOP; PUSH flags with TF and IF; POPF; REP STOSB; MOV SS, AX; NOP; PUSH 2; POPF; HLT
      const { bytes, at } = assemble(
        CODE,
        0xb9,
        u32(5),
        0xbf,
        u32(0x9000),
        STI,
        NOP,
        0x68,
        u32(0x302),
        0x9d,
        0xf3,
        0xaa,
        0x8e,
        0xd0,
        NOP,
        0x68,
        u32(2),
        0x9d,
        HLT,
        { label: 'handler' },
        INC_EBX,
        IRET,
      );
      const build = (): Vm => {
        const vm = machine32(bytes, { engine });
        vm.vcpus[0].setRegs({ rax: BigInt(vm.vcpus[0].getSregs().ss.selector) });
        setIdt(vm, { 1: at.handler, 2: at.handler, 0x40: at.handler });
        return vm;
      };
      const disturb = (vm: Vm, n: number): void => {
        if (n === 1) vm.vcpus[0].interrupt(0x40);
        if (n === 5 || n === 6) vm.vcpus[0].nmi();
      };
      let moved = build();
      const plain = build();
      for (let n = 0; n < 100; n++) {
        disturb(plain, n);
        disturb(moved, n);
        const next = build();
        move(moved, next);
        moved = next;
        expect(moved.runSlice(1)).toEqual(plain.runSlice(1));
        expect(finalState(moved)).toEqual(finalState(plain));
      }
      expect(plain.vcpus[0].halted).toBe(true);
      expect(plain.vcpus[0].getRegs().rbx).toBeGreaterThan(8n);
    });
  });

  it('at an outside access: the restored machine raises it again, and none that was answered before', () => {
    // REP MOVSB from device to device
    const build = (): Vm => machine32([0xf3, 0xa4, HLT], { engine, regs: { rcx: 2n, rsi: BigInt(DEVICE), rdi: BigInt(DEVICE + 16) } });
    const vm = build();
    const read = vm.runSlice().exit;
    if (read.kind === 'mmio') read.access.value = 0x5a;
    const write = vm.runSlice().exit;
    expect(write.kind === 'mmio' && accessText(write.access)).toBe('mmio write 0xfee00010/1 = 0x5a');
    const copy = build();
    move(vm, copy);
    const { accesses, exit } = runAnswering(copy, () => 0x77);
    expect(accesses).toEqual(['mmio write 0xfee00010/1 = 0x5a', 'mmio read 0xfee00001/1 = 0x77', 'mmio write 0xfee00011/1 = 0x77']);
    expect(exit.kind).toBe('hlt');
  });
});

describe('refused', () => {
  const load = (): LoadedGuest => loadGuest({ image: 'kernel32/kernel32.elf', append: 'hz=10000' });
  const { vm } = load();
  // Timer interrupts come, and paging is on.
  vm.runSlice(100_000);
  const state = kept(vm.save());
  type Change = (state: VmState) => unknown;
  const cases: readonly [string, RegExp, Change][] = [
    ['another version', /version 4/, (state) => ({ ...state, version: 4 })],
    ['no object', /not an object/, () => null],
    ['two vCPUs', /2 vCPUs, the machine 1/, (state) => ({ ...state, vcpus: [...state.vcpus, ...state.vcpus] })],
    ['no vCPUs', /vcpus/, ({ version, ticks, events, turns, platform }) => ({ version, ticks, events, turns, platform })],
    ['no board', /board/, (state) => ({ ...state, platform: null })],
    ['negative time', /ticks/, (state) => ({ ...state, ticks: -1 })],
    ['half an event', /events/, (state) => ({ ...state, events: 0.5 })],
    ['a turn of nobody', /turns\.current/, (state) => ({ ...state, turns: { current: 1, left: 1 } })],
    ['a turn without an end', /turns\.left/, (state) => ({ ...state, turns: { current: 0, left: null } })],
    ['an unknown activity', /activity/, (state) => withRegister(state, 'activity', 4)],
    ['a missing field', /field cr3/, (state) => withRegister(state, 'cr3', undefined)],
    ['15 registers', /field gpr/, (state) => withRegister(state, 'gpr', Array(15).fill('0x0'))],
    ['a number where a string is due', /field rip is no u64/, (state) => withRegister(state, 'rip', 4096)],
    ['65 bits', /field rip is no u64/, (state) => withRegister(state, 'rip', '0x10000000000000000')],
    ['no number', /field rflags is no u32/, (state) => withRegister(state, 'rflags', 'x')],
    ['33 bits', /field rflags is no u32/, (state) => withRegister(state, 'rflags', 2 ** 32)],
    ['no TLB', /TLB/, (state) => withVcpu(state, { tlb: null })],
    [
      'a TLB entry of a page that is no RAM',
      /TLB/,
      (state) => withVcpu(state, { tlb: { entry: [1], linear: [4096], gfn: [1e6], info: [0] } }),
    ],
    ['answers that are none', /answered/, (state) => withVcpu(state, { answered: [{ kind: 'io' }] })],
    ['a device more', /device/, (state) => ({ ...state, platform: { ...state.platform, toaster: {} } })],
    ['a device’s state', /pit/i, (state) => withDevice(state, /pit/i, {})],
  ];
  function withVcpu(state: VmState, change: object): unknown {
    return { ...state, vcpus: [{ ...state.vcpus[0], ...change }] };
  }
  function withRegister(state: VmState, name: string, value: unknown): unknown {
    return withVcpu(state, { registers: { ...state.vcpus[0].registers, [name]: value } });
  }
  function withDevice(state: VmState, which: RegExp, device: unknown): unknown {
    const devices = Object.entries(state.platform!).map(([name, old]) => [name, which.test(name) ? device : old]);
    return { ...state, platform: Object.fromEntries(devices) };
  }

  it.each(cases)('%s', (_name, message, change) => {
    const target = load().vm;
    target.runSlice(1000);
    const before = kept(target.save());
    expect(() => target.restore(change(state) as VmState)).toThrow(InputError);
    expect(() => target.restore(change(state) as VmState)).toThrow(message);
    expect(kept(target.save())).toEqual(before);
  });

  it('anything else than a state: restored or refused, never half, and never a crash later', () => {
    const target = load().vm;
    target.runSlice(1000);
    const before = kept(target.save());
    const paths = pathsOf(state);
    const junk = fc.constantFrom<unknown>(
      null,
      -1,
      0,
      0.5,
      1,
      7,
      255,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 53,
      NaN,
      '',
      '0x0',
      '0xffffffffffffffff',
      'x',
      [],
      {},
      true,
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), junk), { minLength: 1, maxLength: 4 }), (changes) => {
        const broken = structuredClone(state);
        for (const [path, value] of changes) put(broken, path, value);
        try {
          target.restore(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect(kept(target.save())).toEqual(before);
          return;
        }
        target.runSlice(200);
        target.restore(before);
      }),
      { numRuns: 400, seed: 3 },
    );
  });
});

type Path = readonly string[];

function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]];
  // Long lists by their first entries only.
  const below = Object.entries(value)
    .slice(0, 60)
    .flatMap(([key, child]) => pathsOf(child).map((path) => [key, ...path]));
  return [[], ...below].filter((path) => path.length > 0 || !Object.keys(value).length);
}

/** Sets what `path` names, if an earlier change has left a way there. */
function put(root: unknown, path: Path, value: unknown): void {
  let at = root;
  for (const key of path.slice(0, -1)) {
    if (typeof at !== 'object' || at === null) return;
    at = (at as Record<string, unknown>)[key];
  }
  if (typeof at === 'object' && at !== null && path.length > 0) (at as Record<string, unknown>)[path[path.length - 1]] = value;
}
