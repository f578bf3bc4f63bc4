// Typing on the board's keyboard.

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import type { KeyName } from '../../src/devices/scan-codes.ts';
import { createPc } from '../../src/machine/pc.ts';
import { keysFor, pressKeys, typeText } from '../../src/machine/us-keyboard.ts';
import { assemble } from '../support/code.ts';

const shown = (keys: readonly { key: string; down: boolean }[]): string => keys.map(({ key, down }) => (down ? '+' : '-') + key).join(' ');

describe('a US keyboard', () => {
  it('types each character of ASCII that can be printed', () => {
    const used = Array.from({ length: 95 }, (_, n) => keysFor(String.fromCharCode(32 + n))!.join('+'));
    expect(new Set(used).size).toBe(95);
    expect(used.slice(0, 5)).toEqual(['Space', 'ShiftLeft+Digit1', 'ShiftLeft+Quote', 'ShiftLeft+Digit3', 'ShiftLeft+Digit4']);
  });

  it('holds what is to be held', () => {
    expect(shown(typeText('aB\n'))).toBe('+KeyA -KeyA +ShiftLeft +KeyB -KeyB -ShiftLeft +Enter -Enter');
    expect(shown(pressKeys('ControlLeft', 'AltLeft', 'Delete'))).toBe('+ControlLeft +AltLeft +Delete -Delete -AltLeft -ControlLeft');
  });

  it('has no key for other characters, and no key of another name', () => {
    expect(() => typeText('é')).toThrow(InputError);
    expect(() => pressKeys('AnyKey' as KeyName)).toThrow(InputError);
  });
});

describe("the board's keyboard", () => {
  it('accepts what it has room for', () => {
    const { board } = createPc({ memory: 2 ** 20 });
    const keys = typeText('x'.repeat(100));
    const accepted = board.keyboardInput(keys);
    // The first code is with the controller already; the rest waits in 64 bytes: one for pressed, two for released.
    expect(accepted).toBe(43);
    expect(board.keyboardInput(keys.slice(accepted))).toBe(0);
  });

  it('wakes a guest that waits in HLT, byte by byte, without host time passing in between', () => {
    const { vm, board } = createPc({ memory: 2 ** 20 });
    // PICs at 20H and 28H, IRQ 1 alone; the handler stores port 60H at ES:DI.
    const out = (port: number, ...values: number[]): number[] => values.flatMap((value) => [0xb0, value, 0xe6, port]);
    const { bytes } = assemble(
      0x1000,
      out(0x20, 0x11),
      out(0x21, 0x20, 4, 1, 0xfd),
      0xbf,
      [0x00, 0x20],
      { label: 'wait' },
      0xfb,
      0xf4,
      0xeb,
      { rel8: 'wait' },
    );
    vm.writeMemory(0x1000, bytes);
    vm.writeMemory(0x21 * 4, Uint8Array.of(0, 0x11, 0, 0));
    vm.writeMemory(0x1100, Uint8Array.of(0xe4, 0x60, 0xaa, ...out(0x20, 0x20), 0xcf));
    const { cs } = vm.vcpus[0].getSregs();
    vm.vcpus[0].setSregs({ cs: { ...cs, selector: 0, base: 0n } });
    vm.vcpus[0].setRegs({ rip: 0x1000n, rsp: 0x800n });
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(board.keyboardInput(typeText('aB'))).toBe(6);
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect([...vm.readMemory(0x2000, 7)]).toEqual([0x1e, 0x9e, 0x2a, 0x30, 0xb0, 0xaa, 0]);
  });
});
