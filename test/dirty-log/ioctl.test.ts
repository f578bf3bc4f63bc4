import { describe, expect, it } from 'vitest';
import { DirtyLogRequest, KvmCap } from '../../src/dirty-log/abi.ts';
import { VmRequest } from '../../src/vm/ioctl.ts';
import { Vm } from '../../src/vm/vm.ts';
import { PAGE } from '../laws/support/configurations.ts';

// The raw face: KVM's own numbers and structs.

/** As `gcc -E` of <linux/kvm.h> gives them. */
const NUMBERS = {
  KVM_CHECK_EXTENSION: 0xae03,
  KVM_SET_USER_MEMORY_REGION: 0x4020ae46,
  KVM_GET_DIRTY_LOG: 0x4010ae42,
  KVM_ENABLE_CAP: 0x4068aea3,
  KVM_CLEAR_DIRTY_LOG: 0xc018aec0,
  KVM_RESET_DIRTY_RINGS: 0xaec7,
};

const u64 = (value: number | bigint): [number, number] => [Number(BigInt(value) & 0xffffffffn), Number(BigInt(value) >> 32n)];

describe('the raw face', () => {
  it("has the kernel's request numbers", () => {
    expect({ ...DirtyLogRequest, ...VmRequest }).toEqual(NUMBERS);
  });

  const call = (vm: Vm, name: keyof typeof NUMBERS, ...words: number[]): number =>
    vm.ioctl(NUMBERS[name], new Uint8Array(Uint32Array.from(words).buffer));
  const cap = (vm: Vm, number: number, argument: number, flags = 0): number =>
    call(vm, 'KVM_ENABLE_CAP', number, flags, ...u64(argument), ...Array.from({ length: 22 }, () => 0));
  const slot = (vm: Vm, flags: number, bytes = 4 * PAGE, user = 0): number =>
    call(vm, 'KVM_SET_USER_MEMORY_REGION', 6, flags, ...u64(0x100000000), ...u64(bytes), ...u64(user));
  const machine = (): Vm => new Vm({ memory: PAGE, spareMemory: 4 * PAGE, gpaLimit: 0x200000000, tracking: 'write-protect' });

  it('adds, flags, logs, clears and deletes a slot', () => {
    const vm = machine();
    const bitmap = new BigUint64Array(1);
    const handle = u64(vm.lists.register(bitmap));
    expect(vm.ioctl(NUMBERS.KVM_CHECK_EXTENSION, KvmCap.MANUAL_DIRTY_LOG_PROTECT2)).toBe(3);
    expect(vm.ioctl(NUMBERS.KVM_CHECK_EXTENSION, 9999)).toBe(0);
    expect(cap(vm, KvmCap.MANUAL_DIRTY_LOG_PROTECT2, 1)).toBe(0);
    expect(slot(vm, 0)).toBe(0);
    expect(slot(vm, 1)).toBe(0);
    vm.writeMemory(0x100000000 + 3 * PAGE, Uint8Array.of(1));
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 6, 0, ...handle)).toBe(0);
    expect(bitmap[0]).toBe(8n);
    expect(call(vm, 'KVM_CLEAR_DIRTY_LOG', 6, 4, ...u64(0), ...handle)).toBe(0);
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 6, 0, ...handle)).toBe(0);
    expect(bitmap[0]).toBe(0n);
    expect(slot(vm, 0, 0)).toBe(0);
    expect(vm.memslots).toHaveLength(1);
  });

  it('rings: RESET returns how many', () => {
    const vm = machine();
    expect(vm.ioctl(NUMBERS.KVM_RESET_DIRTY_RINGS)).toBe(-22);
    expect(cap(vm, KvmCap.DIRTY_LOG_RING, 4096)).toBe(0);
    expect(cap(vm, KvmCap.DIRTY_LOG_RING, 4096)).toBe(-22);
    expect(cap(vm, KvmCap.DIRTY_LOG_RING, 2 ** 40)).toBe(-7);
    expect(vm.ioctl(NUMBERS.KVM_RESET_DIRTY_RINGS)).toBe(0);
    expect(slot(vm, 1)).toBe(0);
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 6, 0, ...u64(0))).toBe(-6);
  });

  it('negative errno for what is refused', () => {
    const vm = machine();
    expect(slot(vm, 4)).toBe(-22);
    expect(slot(vm, 1, 4 * PAGE, 0x1000)).toBe(-22);
    expect(slot(vm, 1)).toBe(0);
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 6, 0, ...u64(77)), 'no such list').toBe(-14);
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 5, 0, ...u64(77))).toBe(-2);
    expect(call(vm, 'KVM_GET_DIRTY_LOG', 6), 'too short').toBe(-14);
    expect(vm.ioctl(NUMBERS.KVM_GET_DIRTY_LOG, 12)).toBe(-14);
    expect(vm.ioctl(NUMBERS.KVM_GET_DIRTY_LOG)).toBe(-14);
    expect(vm.ioctl(0x4010ae43, new Uint8Array(16))).toBe(-25);
  });
});
