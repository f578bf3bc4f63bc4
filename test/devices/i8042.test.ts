import { describe, expect, it } from 'vitest';
import { I8042 } from '../../src/devices/i8042.ts';
import { ResetControl } from '../../src/devices/reset-control.ts';
import { KEY_NAMES } from '../../src/devices/scan-codes.ts';
import type { KeyName } from '../../src/devices/scan-codes.ts';
import { SystemControlA } from '../../src/devices/system-control-a.ts';
import { Wire } from './wires.ts';

const DATA = 0;
const COMMAND = 4;

function controller() {
  const wire = new Wire();
  const a20 = new Wire();
  let resets = 0;
  const device = new I8042(wire, () => resets++, a20);
  device.reset();
  const drain = (): number[] => {
    const bytes: number[] = [];
    while (device.read(COMMAND, 1) & 1) bytes.push(device.read(DATA, 1));
    return bytes;
  };
  return {
    device,
    wire,
    a20,
    drain,
    resets: () => resets,
    /** Writes a command and its parameters; what the host reads then. */
    command(...[code, ...parameters]: number[]): number[] {
      device.write(COMMAND, 1, code!);
      for (const parameter of parameters) device.write(DATA, 1, parameter);
      return drain();
    },
    data(...bytes: number[]): number[] {
      return bytes.flatMap((byte) => {
        device.write(DATA, 1, byte);
        return drain();
      });
    },
  };
}

describe('the controller', () => {
  it.each([
    ['self test', [0xaa], [0x55]],
    ['test of the lines', [0xab], [0]],
    ['command byte', [0x20], [0x45]],
    ['input port', [0xc0], [0x80]],
    ['output port', [0xd0], [0xc3]],
    ['as if typed', [0xd2, 0x1c], [0x1c]],
    ['unknown', [0xa9], []],
  ])('%s', (_name, bytes, answer) => expect(controller().command(...bytes)).toEqual(answer));

  it('status: not locked, system flag, whether the last write was a command', () => {
    const { device } = controller();
    expect(device.read(COMMAND, 1)).toBe(0x14);
    device.write(COMMAND, 1, 0xaa);
    expect(device.read(COMMAND, 1)).toBe(0x1d);
    device.write(DATA, 1, 0xee);
    expect(device.read(COMMAND, 1)).toBe(0x15);
  });

  it('interrupts when the output buffer is full, unless the command byte says not to', () => {
    const { device, wire, command, drain } = controller();
    device.write(DATA, 1, 0xff);
    expect(wire.level).toBe(1);
    expect(device.read(DATA, 1)).toBe(0xfa);
    expect([wire.level, wire.rises]).toEqual([1, 2]);
    expect(drain()).toEqual([0xaa]);
    expect(wire.level).toBe(0);
    command(0x60, 0x44);
    device.write(DATA, 1, 0xee);
    expect([wire.level, wire.rises]).toEqual([0, 2]);
    device.write(COMMAND, 1, 0x60);
    device.write(DATA, 1, 0x45);
    expect(wire.level).toBe(1);
  });

  it('holds the keyboard when disabled', () => {
    const { device, command, drain } = controller();
    command(0xad);
    expect(command(0x20)).toEqual([0x55]);
    device.write(DATA, 1, 0xf2);
    expect(drain()).toEqual([0xfa, 0xab, 0x41]);
    expect(command(0x20)).toEqual([0x45]);
  });

  it('A20 by the output port and by commands of its own; the reset line is active low', () => {
    const { a20, command, resets } = controller();
    expect(a20.level).toBe(1);
    command(0xd1, 0xdd);
    expect([a20.level, command(0xd0)]).toEqual([0, [0xc1]]);
    command(0xdf);
    expect(a20.level).toBe(1);
    command(0xdd);
    expect([a20.level, resets()]).toEqual([0, 0]);
    command(0xd1, 0xde);
    expect([a20.level, resets()]).toEqual([1, 1]);
  });

  it.each([
    [0xfe, 1],
    [0xf0, 1],
    [0xff, 0],
    [0xfd, 0],
  ])('pulse %i: %i resets', (code, count) => {
    const { command, resets } = controller();
    command(code);
    expect(resets()).toBe(count);
  });
});

describe('the keyboard', () => {
  it.each([
    ['reset', [0xff], [0xfa, 0xaa]],
    ['echo', [0xee], [0xee]],
    ['enable', [0xf4], [0xfa]],
    ['disable', [0xf5], [0xfa]],
    ['defaults', [0xf6], [0xfa]],
    ['LEDs', [0xed, 7], [0xfa, 0xfa]],
    ['rate', [0xf3, 0x20], [0xfa, 0xfa]],
    ['scan code set 3, and which', [0xf0, 3, 0xf0, 0], [0xfa, 0xfa, 0xfa, 0xfa, 3]],
    ['no such set', [0xf0, 4], [0xfa, 0xfe]],
    ['no such command', [0x10], [0xfe]],
    ['resend', [0xee, 0xfe], [0xee, 0xee]],
    ['a command in place of a parameter', [0xed, 0xee], [0xfa, 0xee]],
    ['identify', [0xf2], [0xfa, 0xab, 0x83]],
  ])('%s, untranslated', (_name, bytes, answer) => {
    const { command, data } = controller();
    command(0x60, 5);
    expect(data(...bytes)).toEqual(answer);
  });
});

describe('keys', () => {
  /** Time passes until nothing more comes. */
  function typed(device: I8042, from = 0): number[] {
    const bytes: number[] = [];
    for (let now = from; device.deadline() < Infinity || device.read(COMMAND, 1) & 1; now += 1e6) {
      device.advance(now);
      while (device.read(COMMAND, 1) & 1) bytes.push(device.read(DATA, 1));
    }
    return bytes;
  }
  const tap = (device: I8042, ...names: KeyName[]): void =>
    names.forEach((name) => {
      device.key(name, true);
      device.key(name, false);
    });

  // IBM PS/2 Technical Reference, "Scan Code Tables": set 2 as the keyboard sends it, set 1 as the controller hands it on.
  it.each<[KeyName, number[], number[]]>([
    ['KeyA', [0x1c, 0xf0, 0x1c], [0x1e, 0x9e]],
    ['Escape', [0x76, 0xf0, 0x76], [0x01, 0x81]],
    ['F7', [0x83, 0xf0, 0x83], [0x41, 0xc1]],
    ['F12', [0x07, 0xf0, 0x07], [0x58, 0xd8]],
    ['ArrowUp', [0xe0, 0x75, 0xe0, 0xf0, 0x75], [0xe0, 0x48, 0xe0, 0xc8]],
    ['ControlRight', [0xe0, 0x14, 0xe0, 0xf0, 0x14], [0xe0, 0x1d, 0xe0, 0x9d]],
    ['NumpadEnter', [0xe0, 0x5a, 0xe0, 0xf0, 0x5a], [0xe0, 0x1c, 0xe0, 0x9c]],
    ['PrintScreen', [0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12], [0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa]],
    ['Pause', [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77], [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]],
  ])('%s', (name, set2, set1) => {
    const translating = controller();
    const plain = controller();
    const own = controller();
    tap(translating.device, name);
    expect(typed(translating.device)).toEqual(set1);
    plain.command(0x60, 0x05);
    tap(plain.device, name);
    expect(typed(plain.device)).toEqual(set2);
    own.command(0x60, 0x05);
    own.data(0xf0, 1);
    tap(own.device, name);
    expect(typed(own.device)).toEqual(set1);
  });

  it('every key has codes of its own in both sets', () => {
    for (const mode of [0x45, 0x05]) {
      const codes = KEY_NAMES.map((name) => {
        const { device, command } = controller();
        command(0x60, mode);
        tap(device, name as KeyName);
        return typed(device).join();
      });
      expect(new Set(codes).size).toBe(KEY_NAMES.length);
    }
  });

  it('come one byte an interrupt, a millisecond apart, and can be read again until the next', () => {
    const { device, wire } = controller();
    tap(device, 'KeyA');
    expect([wire.level, wire.rises, device.deadline()]).toEqual([1, 1, Infinity]);
    device.advance(5000);
    expect([device.read(DATA, 1), device.read(DATA, 1), device.read(COMMAND, 1) & 1, wire.level]).toEqual([0x1e, 0x1e, 0, 0]);
    const due = device.deadline();
    expect(due).toBe(5000 + 916_000);
    device.advance(due - 1);
    expect(wire.level).toBe(0);
    device.advance(due);
    expect([wire.level, wire.rises, device.read(DATA, 1)]).toEqual([1, 2, 0x9e]);
  });

  it('wait while the controller holds the line, and behind answers', () => {
    const { device, command, data } = controller();
    command(0xad);
    tap(device, 'KeyA');
    expect([device.deadline(), device.read(COMMAND, 1) & 1]).toEqual([Infinity, 0]);
    expect(data(0xee)).toEqual([0xee]);
    expect(typed(device, 2e6)).toEqual([0x1e, 0x9e]);
  });

  it('are refused when 64 bytes wait, and forgotten by a keyboard that is disabled or reset', () => {
    const { device, data, command } = controller();
    command(0xad);
    let taken = 0;
    while (device.key('KeyA', true)) taken++;
    expect(taken).toBe(64);
    expect(data(0xf5)).toEqual([0xfa]);
    expect(device.key('KeyA', true)).toBe(true);
    expect(typed(device, 2e6)).toEqual([]);
  });
});

describe('System Control Port A', () => {
  it('keeps A20 and resets at a rise of bit 0', () => {
    let resets = 0;
    const a20 = new Wire();
    const port = new SystemControlA(() => resets++, a20);
    expect([port.read(0, 1), a20.level]).toEqual([0, 0]);
    port.write(0, 1, 2);
    expect([a20.level, resets]).toEqual([1, 0]);
    port.write(0, 1, 3);
    port.write(0, 1, 3);
    expect([a20.level, port.read(0, 1), resets]).toEqual([1, 3, 1]);
    port.reset();
    expect([a20.level, port.read(0, 1)]).toEqual([0, 0]);
  });
});

// Intel 82371SB (PIIX3) datasheet, "Reset Control Register": a rise of bit 2 resets. Wider accesses are the PCI configuration address.
describe('the reset control register', () => {
  it('resets at a rise of bit 2 that is written as a byte', () => {
    let resets = 0;
    const register = new ResetControl(() => resets++);
    register.write(1, 1, 2);
    register.write(0, 4, 0x80000600);
    register.write(0, 1, 6);
    expect([register.read(1, 1), register.read(0, 4), register.read(3, 1), resets]).toEqual([2, 0xffffffff, 0xff, 0]);
    register.write(1, 1, 0xf7);
    register.write(1, 1, 6);
    expect([register.read(1, 1), resets]).toEqual([6, 1]);
    register.write(1, 1, 0);
    register.write(1, 1, 4);
    expect(resets).toBe(2);
  });
});
