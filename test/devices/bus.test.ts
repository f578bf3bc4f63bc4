import { describe, expect, it } from 'vitest';
import type { AccessWidth, Device, DeviceState } from '../../src/base/device.ts';
import { InputError, InternalError } from '../../src/base/errors.ts';
import { MmioBus, PortBus } from '../../src/devices/bus.ts';
import { Timeline } from '../../src/devices/timeline.ts';

/** Records what reaches it; reads give the offset in each byte. */
class Probe implements Device {
  readonly log: string[] = [];
  constructor(readonly name: string) {}
  reset(): void {}
  read(offset: number, width: AccessWidth, vcpu: number): number {
    this.log.push(`read ${offset}/${width}${vcpu ? ` by ${vcpu}` : ''}`);
    return Array.from({ length: width }, (_, i) => (offset + i) * 2 ** (8 * i)).reduce((a, b) => a + b);
  }
  write(offset: number, width: AccessWidth, value: number, vcpu: number): void {
    this.log.push(`write ${offset}/${width} ${value.toString(16)}${vcpu ? ` by ${vcpu}` : ''}`);
  }
  save(): DeviceState {
    return {};
  }
  restore(): void {}
}

/** Fires every `period` from `period` on. */
class Ticker extends Probe {
  next: number;
  constructor(
    name: string,
    private readonly period: number,
    private readonly shared: string[],
  ) {
    super(name);
    this.next = period;
  }
  advance(now: number): void {
    while (this.next <= now) {
      this.shared.push(`${this.name}@${this.next}`);
      this.next += this.period;
    }
  }
  deadline(): number {
    return this.next;
  }
}

const hooks = { now: () => 0, accessed: () => {} };

describe('PortBus', () => {
  const a = new Probe('a');
  const b = new Probe('b');
  const bus = new PortBus(
    [
      { base: 0x14, length: 2, device: b },
      { base: 0x10, length: 4, device: a },
      { base: 0xfffe, length: 2, device: b },
    ],
    hooks,
  );

  it('gives a device what lies inside it whole', () => {
    expect(bus.read(0x11, 2, 0)).toBe(0x0201);
    expect(bus.write(0x10, 4, 0xdeadbeef, 0)).toBe(true);
    expect(a.log.splice(0)).toEqual(['read 1/2', 'write 0/4 deadbeef']);
  });

  it('breaks what crosses devices into bytes; what nobody claims reads as ones', () => {
    expect(bus.read(0x12, 4, 0)).toBe(0x01000302);
    expect(bus.read(0x15, 4, 0)).toBe(0xffffff01);
    expect(bus.read(0x0f, 2, 0)).toBe(0x00ff);
    expect(bus.read(0xffff, 4, 0)).toBe(0xffffff01);
    expect(bus.write(0x13, 2, 0x1234, 0)).toBe(true);
    expect(a.log.at(-1)).toBe('write 3/1 34');
    expect(b.log.at(-1)).toBe('write 0/1 12');
  });

  it('says when nobody answers', () => {
    expect([bus.read(0x80, 1, 0), bus.read(0x80, 4, 0), bus.write(0x80, 4, 1, 0)]).toEqual([null, null, false]);
  });

  it.each([
    [
      'overlap',
      [
        { base: 0x10, length: 4, device: a },
        { base: 0x13, length: 1, device: b },
      ],
    ],
    ['an empty mapping', [{ base: 0x10, length: 0, device: a }]],
    ['a mapping beyond the space', [{ base: 0xffff, length: 2, device: a }]],
  ])('refuses %s', (_name, mappings) => {
    expect(() => new PortBus(mappings, hooks)).toThrow(InputError);
  });
});

describe('MmioBus', () => {
  const devices = Array.from({ length: 9 }, (_, i) => new Probe(`d${i}`));
  const bus = new MmioBus(devices.map((device, i) => ({ base: 0x1_0000_0000 + i * 0x1000, length: 0x800, device })).reverse(), hooks);

  it('finds every mapping, above 4 GiB too, and nothing between them', () => {
    devices.forEach((device, i) => {
      const base = 0x1_0000_0000 + i * 0x1000;
      expect(bus.read(base + 0x10, 4, 0)).not.toBeNull();
      expect(bus.write(base + 0x7fc, 4, 5, 0)).toBe(true);
      expect(device.log).toEqual(['read 16/4', 'write 2044/4 5']);
      expect([bus.read(base - 1, 1, 0), bus.read(base + 0x800, 1, 0), bus.read(base + 0x7fd, 4, 0)]).toEqual([null, null, null]);
      expect(bus.write(base - 4, 8, 0, 0)).toBe(false);
    });
  });
});

describe('both buses', () => {
  it('say which vCPU asks, also byte by byte', () => {
    const a = new Probe('a');
    const b = new Probe('b');
    const ports = new PortBus(
      [
        { base: 0x10, length: 1, device: a },
        { base: 0x11, length: 1, device: b, offset: 7 },
      ],
      hooks,
    );
    ports.write(0x10, 2, 0x201, 3);
    expect([ports.read(0x11, 1, 2), a.log, b.log]).toEqual([7, ['write 0/1 1 by 3'], ['write 7/1 2 by 3', 'read 7/1 by 2']]);
    const mmio = new MmioBus([{ base: 0x1000, length: 8, device: a, offset: 0x20 }], hooks);
    expect([mmio.read(0x1004, 1, 1), mmio.write(0x1000, 8, 5, 4), a.log.slice(1)]).toEqual([
      0x24,
      true,
      ['read 36/1 by 1', 'write 32/8 5 by 4'],
    ]);
  });

  it('map and unmap while running; of two over one another the first answers, whatever the order of the moves', () => {
    const [a, b] = [new Probe('a'), new Probe('b')];
    const ports = new PortBus([{ base: 0x10, length: 4, device: a }], hooks);
    const mmio = new MmioBus([{ base: 0x1000, length: 0x100, device: a }], hooks);
    const at = (base: number, device: Probe, length = 0x100): { base: number; length: number; device: Probe } => ({ base, length, device });
    ports.assign([at(0x20, a, 4), at(0x22, b, 4), at(0xffff, b, 2)]);
    expect([0x10, 0x21, 0x23, 0x24, 0x25, 0x26, 0xffff].map((port) => ports.read(port, 1, 0))).toEqual([null, 1, 3, 2, 3, null, null]);
    // In the middle of a longer one: both its ends answer.
    mmio.assign([at(0x1080, a, 0x10), at(0x1000, b), at(-8, a), at(2 ** 40 - 4, a, 8)]);
    expect([0x107f, 0x1080, 0x108f, 0x1090, 0x10ff, 0x1100, 2 ** 40 - 4].map((gpa) => mmio.read(gpa, 1, 0))).toEqual([
      0x7f,
      0,
      0xf,
      0x90,
      0xff,
      null,
      null,
    ]);
    expect(mmio.read(0x108e, 4, 0)).toBeNull();
    mmio.assign([]);
    ports.assign([]);
    expect([mmio.read(0x1080, 1, 0), mmio.write(0x1000, 1, 0, 0), ports.read(0x20, 4, 0)]).toEqual([null, false, null]);
  });
});

describe('access and time', () => {
  it('advances a device to now before each access and tells of devices with deadlines', () => {
    const log: string[] = [];
    let touched = 0;
    const ticker = new Ticker('t', 10, log);
    const bus = new PortBus(
      [
        { base: 0, length: 1, device: ticker },
        { base: 1, length: 1, device: new Probe('p') },
      ],
      {
        now: () => 25,
        accessed: () => {
          touched++;
        },
      },
    );
    bus.read(1, 1, 0);
    expect([log.length, touched]).toEqual([0, 0]);
    bus.read(0, 1, 0);
    expect([log, touched]).toEqual([['t@10', 't@20'], 1]);
  });

  it('Timeline: the earliest deadline; order by deadline however rarely it is advanced', () => {
    const run = (steps: readonly number[]): string[] => {
      const log: string[] = [];
      const timeline = new Timeline([new Ticker('a', 30, log), new Probe('none'), new Ticker('b', 20, log), new Ticker('c', 45, log)]);
      expect(timeline.deadline()).toBe(20);
      for (const now of steps) timeline.advance(now);
      return log;
    };
    const once = run([100]);
    expect(once).toEqual(['b@20', 'a@30', 'b@40', 'c@45', 'a@60', 'b@60', 'b@80', 'a@90', 'c@90', 'b@100']);
    expect(run([19, 20, 33, 33, 10, 47, 61, 92, 100])).toEqual(once);
    expect(new Timeline([new Probe('none')]).deadline()).toBe(Infinity);
  });

  it('Timeline: a device that does not go on is a broken invariant', () => {
    const stuck = new Ticker('stuck', 5, []);
    stuck.advance = () => {};
    expect(() => new Timeline([stuck]).advance(5)).toThrow(InternalError);
  });
});
