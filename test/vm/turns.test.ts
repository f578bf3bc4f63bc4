// Several vCPUs: turns of a fixed number of instructions, which nothing but the guest's own progress ends.

import { describe, expect, it } from 'vitest';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { loadGuest } from '../guests/run-guest.ts';
import type { LoadedGuest } from '../guests/run-guest.ts';
import { assemble } from '../support/code.ts';
import { CODE, ENGINE_NAMES, machine32 } from './support.ts';

const HLT = 0xf4;
const DATA = 0x9000;

/** Starts vCPU `index` at `rip` with vCPU 0's segments. */
function start(vm: Vm, index: number, rip: number, rax = 0n): void {
  vm.vcpus[index].setSregs(vm.vcpus[0].getSregs());
  vm.vcpus[index].setRegs({ ...vm.vcpus[0].getRegs(), rip: BigInt(rip), rax });
  vm.vcpus[index].activity = 'active';
}

/** Each vCPU writes its AL to a list that EDI, taken by LOCK XADD from a shared counter, indexes: the order of all writes. */
const ORDER = assemble(
  CODE,
  0xb9,
  [16, 0, 0, 0],
  { label: 'again' }, // MOV ECX, 16
  0xbf,
  [1, 0, 0, 0], // MOV EDI, 1
  [0xf0, 0x0f, 0xc1, 0x3d],
  [0, 0x90, 0, 0], // LOCK XADD [DATA], EDI
  [0x88, 0x87],
  [4, 0x90, 0, 0], // MOV [EDI + DATA + 4], AL
  0xe2,
  { rel8: 'again' },
  HLT,
); // LOOP

function order(config: Partial<VmConfig>, vcpus: number, slice = Infinity): { readonly list: string; readonly retired: readonly bigint[] } {
  const vm = machine32(ORDER.bytes, { ...config, vcpus, regs: { rax: 0n } });
  for (let index = 1; index < vcpus; index++) start(vm, index, CODE, BigInt(index));
  while (vm.runSlice(slice).exit.kind !== 'hlt');
  return { list: [...vm.readMemory(DATA + 4, 16 * vcpus)].join(''), retired: vm.vcpus.map(({ retired }) => retired) };
}

const state = ({ vm, output }: LoadedGuest): unknown => {
  const { vcpus, ticks, turns } = vm.save();
  const registers = vcpus.map((vcpu) => ({ ...vcpu.registers, pmlIndex: null }));
  return { registers, ticks, turns, memory: hashMemory(vm), output: output() };
};

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  it('turns are of `quantum` instructions, in order of the index', () => {
    // One pass of the loop is 4 instructions, after 1 at the start.
    expect(order({ engine, quantum: 9 }, 3).list.slice(0, 12)).toBe('001122001122');
    expect(order({ engine, quantum: 17 }, 2).list.slice(0, 16)).toBe('0000111100001111');
    expect(order({ engine, quantum: 1 }, 4).list.slice(0, 12)).toBe('012301230123');
    expect(order({ engine }, 2).list).toBe('0'.repeat(16) + '1'.repeat(16));
  });

  it('the interleaving is that of the instructions alone: the same however slices are cut', () => {
    const whole = order({ engine, quantum: 7 }, 4);
    for (const slice of [1, 2, 5, 7, 8, 100]) expect(order({ engine, quantum: 7 }, 4, slice)).toEqual(whole);
    expect(whole.retired).toEqual([66n, 66n, 66n, 66n]);
  });

  it('a vCPU that halts leaves the rest of its turn to the next', () => {
    // vCPU 0: HLT. vCPU 1: INC EAX for ever.
    const vm = machine32([HLT, 0x40, 0xeb, 0xfd], { engine, vcpus: 2, quantum: 1000 });
    start(vm, 1, CODE + 1);
    expect(vm.runSlice(101)).toMatchObject({ vcpu: 1, retired: 101 });
    expect(vm.vcpus.map(({ retired }) => retired)).toEqual([1n, 100n]);
  });

  it('application processors wait until they are started; alone they keep nothing from ending', () => {
    const vm = machine32([HLT], { engine, vcpus: 3 });
    expect(vm.vcpus.map(({ activity }) => activity)).toEqual(['active', 'wait-for-sipi', 'wait-for-sipi']);
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 1 });
    start(vm, 2, CODE);
    expect(vm.runSlice()).toEqual({ vcpu: 2, exit: { kind: 'hlt' }, retired: 1 });
  });

  it('the exit names the vCPU that shut down', () => {
    const vm = machine32([HLT, 0x0f, 0x0b], { engine, vcpus: 2, quantum: 1 });
    start(vm, 1, CODE + 1);
    vm.vcpus[1].setSregs({ idt: { base: 0n, limit: 0 } });
    expect(vm.runSlice()).toMatchObject({ vcpu: 1, exit: { kind: 'shutdown' } });
  });

  it('code that one vCPU writes is what another executes', () => {
    // vCPU 0: INC byte [patch + 1], for ever; vCPU 1: patch: MOV AL, imm8; JMP patch
    const { bytes, at } = assemble(
      CODE,
      { label: 'loop' },
      [0xfe, 0x05],
      { abs32: 'imm' },
      0xeb,
      { rel8: 'loop' },
      { label: 'patch' },
      0xb0,
      { label: 'imm' },
      0,
      0xeb,
      { rel8: 'patch' },
    );
    const vm = machine32(bytes, { engine, vcpus: 2, quantum: 50 });
    start(vm, 1, at.patch);
    for (let turn = 1; turn < 20; turn++) {
      vm.runSlice(100);
      expect(vm.vcpus[1].getRegs().rax).toBe(BigInt((25 * turn) & 0xff));
    }
  });

  describe('smp64', () => {
    it.each([1, 2, 3, 4])('%i vCPUs: no addition is lost, with turns of any length', (cpus) => {
      for (const quantum of [37, 1000, 20_000]) {
        const guest = loadGuest({ image: 'smp64/smp64.elf', append: `cpus=${cpus} rounds=200`, vcpus: cpus, quantum, engine });
        expect(guest.vm.runSlice(5e6).exit).toEqual({ kind: 'hlt' });
        // Each of the vCPUs adds its index plus one, 200 times.
        expect(guest.output()).toBe(`smp64: cpus=${cpus} counter=${100 * cpus * (cpus + 1)}\n`);
      }
    });

    it('internal exits do not end a turn: tracking changes nothing but what is reported', () => {
      const run = (tracking: TrackingMethod, slice: number): { state: unknown; reported: number } => {
        const guest = loadGuest({ image: 'smp64/smp64.elf', append: 'cpus=4', vcpus: 4, quantum: 333, engine, tracking });
        const { vm } = guest;
        let reported = 0;
        if (tracking !== 'none') {
          vm.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 0xffffffff });
          vm.mt.enableMt(MtEnable.ON);
          vm.mt.prepareMtCp(1n);
        }
        for (;;) {
          const { exit } = vm.runSlice(slice);
          if (tracking !== 'none') reported += vm.mt.fetchSublist({ count: 1000, rearm: true }).gfns.length;
          if (exit.kind === 'hlt') return { state: state(guest), reported };
        }
      };
      const plain = run('none', Infinity);
      for (const tracking of ['write-protect', 'pml'] as const) {
        const tracked = run(tracking, 1234);
        expect(tracked.state).toEqual(plain.state);
        expect(tracked.reported).toBeGreaterThan(100);
      }
    });
  });

  it('two machines in one process, slice by slice, are as each alone', () => {
    const guests = [
      (): LoadedGuest => loadGuest({ image: 'kernel32/kernel32.elf', append: 'hz=10000', engine }),
      (): LoadedGuest => loadGuest({ image: 'smp64/smp64.elf', append: 'cpus=3', vcpus: 3, quantum: 100, engine }),
    ];
    const alone = guests.map((load) => {
      const guest = load();
      while (guest.vm.runSlice(1e7).exit.kind !== 'hlt');
      return state(guest);
    });
    const together = guests.map((load) => load());
    const running = new Set(together);
    while (running.size > 0) for (const guest of running) if (guest.vm.runSlice(7777).exit.kind === 'hlt') running.delete(guest);
    expect(together.map(state)).toEqual(alone);
  });
});
