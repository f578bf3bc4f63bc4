import { describe, expect, it } from 'vitest';
import { I8042 } from '../../src/devices/i8042.ts';
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
    device, wire, a20, drain,
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
    ['self test', [0xaa], [0x55]], ['test of the lines', [0xab], [0]], ['command byte', [0x20], [0x45]],
    ['input port', [0xc0], [0x80]], ['output port', [0xd0], [0xc3]], ['as if typed', [0xd2, 0x1c], [0x1c]], ['unknown', [0xa9], []],
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

  it.each([[0xfe, 1], [0xf0, 1], [0xff, 0], [0xfd, 0]])('pulse %i: %i resets', (code, count) => {
    const { command, resets } = controller();
    command(code);
    expect(resets()).toBe(count);
  });
});

describe('the keyboard', () => {
  it.each([
    ['reset', [0xff], [0xfa, 0xaa]], ['echo', [0xee], [0xee]], ['enable', [0xf4], [0xfa]], ['disable', [0xf5], [0xfa]],
    ['defaults', [0xf6], [0xfa]], ['LEDs', [0xed, 7], [0xfa, 0xfa]], ['rate', [0xf3, 0x20], [0xfa, 0xfa]],
    ['scan code set 3, and which', [0xf0, 3, 0xf0, 0], [0xfa, 0xfa, 0xfa, 0xfa, 3]], ['no such set', [0xf0, 4], [0xfa, 0xfe]],
    ['no such command', [0x10], [0xfe]], ['resend', [0xee, 0xfe], [0xee, 0xee]],
    ['a command in place of a parameter', [0xed, 0xee], [0xfa, 0xee]],
    ['identify', [0xf2], [0xfa, 0xab, 0x83]],
  ])('%s, untranslated', (_name, bytes, answer) => {
    const { command, data } = controller();
    command(0x60, 5);
    expect(data(...bytes)).toEqual(answer);
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
