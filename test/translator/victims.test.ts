// Pages that share a first TLB entry, in translated code: the second is a victim, which is looked at without leaving WebAssembly.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { Vm } from '../../src/vm/vm.ts';
import { Assembler } from '../lockstep/random/assembler.ts';

const MIB = 0x100000;
const CODE = 0x7c00;
const NEAR = 0x20000;
/** Pages this far apart have the same first entry. */
const APART = 16 * MIB;
const LAPS = 5000;

/** EAX is read from one of two pages that share an entry, and added to the other, LAPS times, in flat 32-bit code. */
function machine(engine: 'interpreter' | 'translator'): Vm {
  const a = new Assembler(32, CODE);
  const head = a.label();
  a.raw(0xb9).field(4, LAPS);
  a.bind(head);
  a.raw(0xa1).field(4, NEAR); // mov eax, [near]
  a.raw(0x01, 0x05).field(4, NEAR + APART); // add [far], eax
  a.raw(0x89, 0x0d).field(4, NEAR + 8); // mov [near + 8], ecx
  a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: 1 });
  a.branch([0x0f, 0x85], head);
  a.raw(0xf4);
  const vm = new Vm({ memory: 32 * MIB, engine });
  vm.writeMemory(CODE, a.finish());
  vm.writeMemory(NEAR, Uint8Array.of(3, 0, 0, 0));
  const segment = (type: number) => ({ selector: 8, base: 0n, limit: 0xffffffff, attributes: type | 0xc000 });
  const data = segment(0x93);
  vm.vcpus[0].setSregs({ cs: segment(0x9b), ds: data, es: data, ss: data, fs: data, gs: data, cr0: 0x11n });
  vm.vcpus[0].setRegs({ rip: BigInt(CODE), rsp: 0x6000n, rflags: 2n });
  return vm;
}

const wordAt = (vm: Vm, gpa: number): number => new DataView(vm.readMemory(gpa, 4).buffer).getUint32(0, true);

describe('two pages that share an entry', () => {
  it.each(['interpreter', 'translator'] as const)('miss once each under the %s', (engine) => {
    const vm = machine(engine);
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect([wordAt(vm, NEAR + APART), wordAt(vm, NEAR + 8)]).toEqual([3 * LAPS, 1]);
    // The code's page, and the two.
    expect(vm.counters().guestWalks).toBe(3);
  });

  it('leave the same TLB under both engines', () => {
    const [one, other] = (['interpreter', 'translator'] as const).map((engine) => {
      const vm = machine(engine);
      vm.runSlice();
      return vm[INTERNALS].parts.cpus[0]!.mmu.saveTlb();
    });
    expect(other).toEqual(one);
    expect(one!.linear).toEqual([NEAR + APART, 0x7000, NEAR]);
  });
});
