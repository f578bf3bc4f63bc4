import { beforeEach, describe, expect, it } from 'vitest';
import { PIT_HZ, nanosecondsOf, ticksAt } from '../../src/devices/pit-clock.ts';
import { Pit8254 } from '../../src/devices/pit-8254.ts';
import { SystemControlB } from '../../src/devices/system-control-b.ts';
import { Wire, random } from './wires.ts';

let irq: Wire;
let pit: Pit8254;
let port61: SystemControlB;

beforeEach(() => {
  irq = new Wire();
  pit = new Pit8254(irq);
  port61 = new SystemControlB(pit);
});

const toTick = (tick: number): void => pit.advance(nanosecondsOf(tick));
const control = (value: number): void => pit.write(3, 1, value);

/** Loads a 16-bit count, low byte first. */
function count(channel: number, value: number): void {
  pit.write(channel, 1, value & 0xff);
  pit.write(channel, 1, value >> 8);
}

/** Latches and reads a 16-bit count. */
function latched(channel: number): number {
  control(channel << 6);
  return pit.read(channel, 1) | (pit.read(channel, 1) << 8);
}

/** OUT of counter 2 at ticks from … to. */
function outputs(from: number, to: number): string {
  let levels = '';
  for (let tick = from; tick <= to; tick++) {
    toTick(tick);
    levels += port61.read(0, 1) & 0x20 ? '1' : '0';
  }
  return levels;
}

describe('PIT clock', () => {
  it('is exact: 1193182 ticks a second, and back', () => {
    expect(ticksAt(1e9)).toBe(PIT_HZ);
    expect(ticksAt(86400e9)).toBe(86400 * PIT_HZ);
    expect([ticksAt(838), ticksAt(839)]).toEqual([0, 1]);
    const next = random(7);
    for (let i = 0; i < 2000; i++) {
      const tick = next() * 1000 + (next() % 1000);
      const ns = nanosecondsOf(tick);
      expect(BigInt(ticksAt(ns))).toBe((BigInt(ns) * BigInt(PIT_HZ)) / 1_000_000_000n);
      expect([ticksAt(ns), ticksAt(ns - 1)]).toEqual([tick, tick - 1]);
    }
    expect(nanosecondsOf(Infinity)).toBe(Infinity);
  });
});

describe('8254 modes: OUT, tick by tick', () => {
  // Count 4 (5 where said) written at tick 10 to counter 2, gate high; the count is loaded at tick 11.
  it.each([
    ['mode 0', 0xb0, 4, '0000011111111'],
    ['mode 2', 0xb4, 4, '1111011101110'],
    ['mode 3, even', 0xb6, 4, '1110011001100'],
    ['mode 3, odd', 0xb6, 5, '1111001110011'],
    ['mode 4', 0xb8, 4, '1111101111111'],
    ['mode 6 is mode 2', 0xbc, 4, '1111011101110'],
    ['mode 7 is mode 3', 0xbe, 4, '1110011001100'],
  ])('%s', (_name, word, value, expected) => {
    port61.write(0, 1, 1);
    toTick(10);
    control(word);
    count(2, value);
    expect(outputs(10, 22)).toBe(expected);
  });

  it.each([
    ['mode 1', 0xb2, '1000011111111'],
    ['mode 5', 0xba, '1111101111111'],
  ])('%s waits for the gate', (_name, word, expected) => {
    toTick(10);
    control(word);
    count(2, 4);
    expect(outputs(10, 40)).toBe('1'.repeat(31));
    port61.write(0, 1, 1);
    expect(outputs(40, 52)).toBe(expected);
    // Retriggered while it runs.
    port61.write(0, 1, 0);
    port61.write(0, 1, 1);
    outputs(53, 55);
    port61.write(0, 1, 0);
    port61.write(0, 1, 1);
    expect(outputs(55, 62)).toBe(word === 0xb2 ? '00000111' : '11111011');
  });

  it('mode 0: the gate stops counting, without touching OUT', () => {
    port61.write(0, 1, 1);
    control(0xb0);
    count(2, 4);
    toTick(3);
    port61.write(0, 1, 0);
    expect(outputs(4, 12)).toBe('000000000');
    expect(latched(2)).toBe(2);
    port61.write(0, 1, 1);
    expect(outputs(12, 15)).toBe('0011');
  });

  it('modes 2 and 3: the gate forces OUT high and its rise starts a new period', () => {
    port61.write(0, 1, 1);
    control(0xb6);
    count(2, 4);
    expect(outputs(0, 3)).toBe('1110');
    port61.write(0, 1, 0);
    expect(outputs(4, 10)).toBe('1111111');
    port61.write(0, 1, 1);
    expect(outputs(10, 15)).toBe('111001');
  });

  it('mode 0: a first byte stops counting and lowers OUT at once', () => {
    port61.write(0, 1, 1);
    control(0xb0);
    count(2, 3);
    expect(outputs(0, 5)).toBe('000011');
    pit.write(2, 1, 2);
    expect(outputs(6, 9)).toBe('0000');
    pit.write(2, 1, 0);
    expect(outputs(9, 13)).toBe('00011');
  });

  it('mode 2: a new count takes effect at the end of the period', () => {
    port61.write(0, 1, 1);
    control(0xb4);
    count(2, 4);
    toTick(2);
    count(2, 3);
    expect(outputs(2, 12)).toBe('11011011011');
  });
});

describe('8254 reading', () => {
  it('counts down from the tick after the write; a latch holds', () => {
    control(0x30);
    count(0, 1000);
    toTick(101);
    control(0x00);
    toTick(500);
    expect(pit.read(0, 1) | (pit.read(0, 1) << 8)).toBe(900);
    expect(pit.read(0, 1) | (pit.read(0, 1) << 8)).toBe(501);
    toTick(1003);
    expect(latched(0)).toBe(0xfffe);
  });

  it('counts by two in mode 3', () => {
    control(0x36);
    count(0, 100);
    toTick(11);
    expect(latched(0)).toBe(80);
    toTick(51 + 10);
    expect(latched(0)).toBe(80);
  });

  it('counts in BCD', () => {
    control(0x31);
    count(0, 0x1234);
    toTick(36);
    expect(latched(0)).toBe(0x1199);
    toTick(1 + 1234 + 1);
    expect(latched(0)).toBe(0x9999);
  });

  it.each([
    [0x14, 0x64, 100],
    [0x24, 0x01, 0x100],
  ])('one-byte access %#x', (word, byte, value) => {
    control(word);
    pit.write(0, 1, byte);
    toTick(1);
    expect(pit.read(0, 1)).toBe(byte);
    control(0xe2);
    expect(pit.read(0, 1)).toBe(0x80 | (word & 0x3f));
    expect(irq.level).toBe(1);
    toTick(value);
    expect(irq.level).toBe(0);
  });

  it('reads back status before count, and null count until the load', () => {
    control(0x34);
    control(0xe2);
    expect(pit.read(0, 1)).toBe(0xf4);
    count(0, 50);
    control(0xc2);
    expect(pit.read(0, 1)).toBe(0xf4);
    pit.read(0, 1);
    pit.read(0, 1);
    toTick(11);
    control(0xc2);
    toTick(20);
    expect([pit.read(0, 1), pit.read(0, 1), pit.read(0, 1)]).toEqual([0xb4, 40, 0]);
  });

  it('the control word register cannot be read', () => {
    expect(pit.read(3, 1)).toBe(0xff);
  });
});

describe('8254 interrupts and port 0x61', () => {
  it('gives the same edges whether advanced at deadlines or tick by tick', () => {
    control(0x34);
    count(0, 11932);
    let now = 0;
    const rises: number[] = [];
    while (rises.length < 5) {
      now = pit.deadline();
      const before = irq.rises;
      pit.advance(now);
      if (irq.rises > before) rises.push(ticksAt(now));
    }
    expect(rises).toEqual([1, 2, 3, 4, 5].map((n) => 1 + n * 11932));
  });

  it('skips periods nobody looked at and is in step afterwards', () => {
    control(0x36);
    count(0, 3);
    control(0xb6);
    count(2, 3);
    port61.write(0, 1, 1);
    const far = 10 ** 12;
    toTick(far);
    expect(irq.level).toBe((far - 1) % 3 < 2 ? 1 : 0);
    expect(pit.deadline()).toBe(nanosecondsOf(far + 3 - ((far - 1) % 3) - ((far - 1) % 3 < 2 ? 1 : 0)));
  });

  it('is in the same state whether advanced tick by tick or in leaps, whatever is programmed', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed * 7919);
      const lines = [new Wire(), new Wire()];
      const pits = lines.map((line) => new Pit8254(line));
      let tick = 0;
      for (let step = 0; step < 12; step++) {
        const [kind, channel, value, gate, leap] = [next() % 4, next() % 3, next(), next() & 1, next() % 300];
        for (const device of pits) {
          if (kind === 0) device.write(3, 1, value & 0xff);
          else if (kind === 1) device.setSpeakerGate(gate);
          else device.write(channel, kind === 2 ? 1 : 2, value % (kind === 2 ? 20 : 256));
        }
        for (let small = tick + 1; small <= tick + leap; small++) pits[0]!.advance(nanosecondsOf(small));
        tick += leap;
        pits[1]!.advance(nanosecondsOf(tick));
        expect(pits[1]!.save(), `seed ${seed}, step ${step}`).toEqual(pits[0]!.save());
        expect(lines[1]!.level).toBe(lines[0]!.level);
      }
    }
  });

  it('has no deadline when nothing is programmed or a one-shot is over', () => {
    expect(pit.deadline()).toBe(Infinity);
    control(0x30);
    count(0, 10);
    pit.advance(pit.deadline());
    expect(irq.level).toBe(0);
    pit.advance(pit.deadline());
    expect([irq.level, pit.deadline()]).toEqual([1, Infinity]);
  });

  it('keeps the writable bits of port 0x61 and toggles refresh every 18 ticks', () => {
    port61.write(0, 1, 0xff);
    expect(port61.read(0, 1) & 0xcf).toBe(0x0f);
    const bits = [17, 18, 35, 36].map((tick) => {
      port61.advance(nanosecondsOf(tick));
      return (port61.read(0, 1) >> 4) & 1;
    });
    expect(bits).toEqual([0, 1, 1, 0]);
  });
});
