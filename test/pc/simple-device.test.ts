// A device in three lines.

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import type { AnyDeviceRow } from '../../src/machine/simple-device.ts';
import { AT, MIB } from './guests.ts';

const machine = (code: readonly number[], devices: readonly AnyDeviceRow[], config: PcConfig = {}) =>
  createPc({ memory: MIB, image: Uint8Array.from(code), at: AT, devices, ...config });

const OUT_IN = [0xba, 0x00, 0x03, 0, 0, 0xb0, 7, 0xee, 0x31, 0xc0, 0xec, 0xfa, 0xf4]; // OUT 300h, 7; EAX = 0; IN AL; CLI; HLT

describe('a device in one row', () => {
  it('reads and writes', () => {
    const written: unknown[] = [];
    const pc = machine(OUT_IN, [
      { at: 0x300, length: 1, read: () => 42, write: (offset, width, value, vcpu) => written.push([offset, width, value, vcpu]) },
    ]);
    expect(pc.vm.runSlice().exit.kind).toBe('hlt');
    expect([pc.vm.vcpus[0]!.getRegs().rax, written]).toEqual([42n, [[0, 1, 7, 0]]]);
  });

  it('may do one of both: else reads give ones, and writes nothing', () => {
    const onlyWrite = machine(OUT_IN, [{ at: 0x300, length: 1, write() {} }]);
    onlyWrite.vm.runSlice();
    expect(onlyWrite.vm.vcpus[0]!.getRegs().rax).toBe(0xffn);
    const onlyRead = machine(OUT_IN, [{ at: 0x300, length: 1, read: () => 0x1234 }]);
    expect(onlyRead.vm.runSlice().exit.kind).toBe('hlt');
    expect(onlyRead.vm.vcpus[0]!.getRegs().rax).toBe(0x34n);
  });

  it('is reached in memory too, and has its offset', () => {
    const load = [0xa1, 0x04, 0x00, 0x00, 0xe0, 0xfa, 0xf4]; // MOV EAX, [E0000004h]
    const pc = machine(load, [{ space: 'mmio', at: 0xe0000000, length: 8, read: (offset, width) => 0x100 * width + offset }]);
    pc.vm.runSlice();
    expect(pc.vm.vcpus[0]!.getRegs().rax).toBe(0x404n);
  });

  it('drives its interrupt by its wires', () => {
    const pc = machine(OUT_IN, [
      { at: 0x300, length: 1, irq: 5, write: (_offset, _width, value, _vcpu, wires) => wires.irq.set(value === 7 ? 1 : 0) },
    ]);
    pc.vm.runSlice();
    const irr = (pc.vm.save().platform as { readonly [name: string]: { readonly [field: string]: unknown } })['pic-master'];
    expect(Number(irr!['irr']) & 0x20).toBe(0x20);
  });

  it('is saved and restored as nothing, under its name', () => {
    const rows: AnyDeviceRow[] = [
      { name: 'answer', at: 0x300, length: 1, read: () => 42 },
      { at: 0x310, length: 1, write() {} },
      { space: 'mmio', at: 0xe0000000, length: 4, read: () => 0 },
    ];
    const pc = machine(OUT_IN, rows);
    const { platform } = pc.vm.save();
    expect([platform!['answer'], platform!['port-0x310'], platform!['mmio-0xe0000000']]).toEqual([{}, {}, {}]);
    const other = machine(OUT_IN, rows);
    other.restore(pc.snapshot());
    expect(other.vm.runSlice().exit.kind).toBe('hlt');
    expect(() => pc.vm.restore({ ...pc.vm.save(), platform: { ...platform, answer: { x: 1 } } })).toThrow(
      /saved state of answer has an unknown field "x"/,
    );
  });

  it('that gives no number ends the run with an error, and the access is made again', () => {
    let given: unknown;
    const pc = machine(OUT_IN, [{ at: 0x300, length: 1, read: () => given as number }]);
    expect(() => pc.vm.runSlice()).toThrow("device 'port-0x300': read gave undefined, not an integer from 0");
    given = 3;
    expect(pc.vm.runSlice().exit.kind).toBe('hlt');
    expect(pc.vm.vcpus[0]!.getRegs().rax).toBe(3n);
  });

  it.each<[string, object, RegExp]>([
    ['nothing to do', { at: 0x300, length: 1 }, /^devices\[0\] has neither 'make' nor 'read' nor 'write'$/],
    ['two ways to do it', { at: 0x300, length: 1, read: () => 1, make: () => null }, /^devices\[0\] has both 'make' and 'read'/],
    ['no place', { read: () => 1 }, /^EINVAL: devices\[0\]\.at is undefined, not an integer from 0$/],
    ['a near miss', { at: 0x300, length: 1, raed: () => 1 }, /^devices\[0\] has no "raed"/],
    ['a place that is taken', { at: 0x60, length: 1, read: () => 1 }, /0x60/],
  ])('is refused with %s', (_name, row, message) => {
    expect(() => machine([], [row as AnyDeviceRow], { image: Uint8Array.of(0xf4) })).toThrow(message);
  });

  it('clashes with a second of its name', () => {
    const row = { name: 'x', length: 1, read: () => 0 };
    expect(() =>
      machine(OUT_IN, [
        { ...row, at: 0x300 },
        { ...row, at: 0x301 },
      ]),
    ).toThrow(InputError);
  });
});
