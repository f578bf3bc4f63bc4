// An IDT whose handlers go on with the byte behind the faulting instruction's first: so that random bytes are executed one
// after the other and not just up to the first exception.

import type { Vm } from '../../src/vm/vm.ts';

const IDT = 0x2000;
const STUBS = 0x4000;
const VECTORS = 256;
/** Vectors that push an error code: SDM vol. 3, "Error Code". */
const WITH_ERROR_CODE: readonly number[] = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30];

interface Mode {
  readonly gateBytes: number;
  readonly selector: number;
  readonly stepOver: readonly number[];
  readonly drop: readonly number[];
}

/** `stepOver`: add dword [esp], 1; iretd (add qword [rsp], 1; iretq). `drop`: add esp, 4 (add rsp, 8). */
const MODES: Readonly<Record<32 | 64, Mode>> = {
  32: { gateBytes: 8, selector: 0x10, stepOver: [0x83, 0x04, 0x24, 0x01, 0xcf], drop: [0x83, 0xc4, 0x04] },
  64: { gateBytes: 16, selector: 0x08, stepOver: [0x48, 0x83, 0x04, 0x24, 0x01, 0x48, 0xcf], drop: [0x48, 0x83, 0xc4, 0x08] },
};

/** P, DPL 0, interrupt gate. */
const GATE = 0x8e00;

export function installHandlers(vm: Vm, width: 32 | 64): void {
  const { gateBytes, selector, stepOver, drop } = MODES[width];
  const withCode = STUBS + 0x100;
  const table = new DataView(new ArrayBuffer(VECTORS * gateBytes));
  for (let vector = 0; vector < VECTORS; vector++) {
    const at = vector * gateBytes;
    table.setUint16(at, WITH_ERROR_CODE.includes(vector) ? withCode : STUBS, true);
    table.setUint16(at + 2, selector, true);
    table.setUint16(at + 4, GATE, true);
  }
  vm.writeMemory(IDT, new Uint8Array(table.buffer));
  vm.writeMemory(STUBS, Uint8Array.from(stepOver));
  vm.writeMemory(withCode, Uint8Array.from([...drop, ...stepOver]));
  vm.vcpus[0].setSregs({ idt: { base: BigInt(IDT), limit: VECTORS * gateBytes - 1 } });
}
