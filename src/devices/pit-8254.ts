// The 8254 programmable interval timer: three counters and a control word register.

import type { AccessWidth, Device, DeviceState, IrqLine } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { PIT_CHANNEL_SCHEMA, PitChannel, initialChannel } from './pit-channel.ts';
import { nanosecondsOf, ticksAt } from './pit-clock.ts';
import { checkState } from './state.ts';

const REGISTERS = 4;
const CONTROL = 3;
const READ_BACK = 3;
/** The gate that port 0x61 drives; those of the other two are tied high. */
export const SPEAKER_CHANNEL = 2;

const fieldOf = (channel: number, key: string): string => `channel${channel}.${key}`;

const SCHEMA = {
  tick: { kind: 'int', min: 0, max: Number.MAX_SAFE_INTEGER } as const,
  ...Object.fromEntries([0, 1, 2].flatMap((n) => Object.entries(PIT_CHANNEL_SCHEMA).map(([key, field]) => [fieldOf(n, key), field]))),
};

export class Pit8254 implements Device {
  readonly name = 'pit';
  private readonly channels: readonly PitChannel[];
  /** The last tick to which the counters were advanced. */
  private tick = 0;

  /** `irq` is OUT of counter 0. */
  constructor(private readonly irq: IrqLine) {
    const none = (): void => {};
    this.channels = [new PitChannel(1, (level) => irq.set(level)), new PitChannel(1, none), new PitChannel(0, none)];
  }

  reset(): void {
    this.channels.forEach((channel, n) => {
      channel.state = initialChannel(n === SPEAKER_CHANNEL ? 0 : 1);
    });
    this.irq.set(0);
  }

  advance(now: number): void {
    const to = ticksAt(now);
    if (to <= this.tick) return;
    for (const channel of this.channels) channel.advance(to);
    this.tick = to;
  }

  /** Only counter 0 has anyone who waits for it; the others are brought up to date when they are looked at. */
  deadline(): number {
    return nanosecondsOf(this.channels[0]!.nextEvent());
  }

  /** Level of counter 2's OUT. */
  speakerOut(): number {
    return this.channels[SPEAKER_CHANNEL]!.state.out;
  }

  /** Level of counter 2's GATE. */
  setSpeakerGate(level: number): void {
    this.channels[SPEAKER_CHANNEL]!.setGate(level, this.tick);
  }

  read(offset: number, width: AccessWidth): number {
    // "Read Operations": the control word register cannot be read; the bus floats.
    const readRegister = (register: number): number => (register === CONTROL ? 0xff : this.channels[register]!.readCount(this.tick));
    return readByBytes(offset, width, REGISTERS, readRegister);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, REGISTERS, (register, byte) => {
      if (register === CONTROL) this.writeControl(byte);
      else this.channels[register]!.writeCount(byte, this.tick);
    });
  }

  save(): DeviceState {
    const saved: Record<string, number> = { tick: this.tick };
    this.channels.forEach(({ state }, n) => {
      for (const [key, value] of Object.entries(state)) saved[fieldOf(n, key)] = value;
    });
    return saved;
  }

  restore(state: DeviceState): void {
    const checked = checkState(this.name, SCHEMA, state) as unknown as Record<string, number>;
    const tick = checked.tick!;
    const restored = this.channels.map((_channel, n) => {
      const fields = Object.keys(PIT_CHANNEL_SCHEMA).map((key) => [key, checked[fieldOf(n, key)]!]);
      const channel = new PitChannel(0, () => {});
      channel.state = checkState(this.name, PIT_CHANNEL_SCHEMA, Object.fromEntries(fields) as DeviceState);
      const { control, since, loadAt } = channel.state;
      if (control < 0x10) throw new InputError(`saved state of ${this.name}: counter ${n} has no access mode`);
      // Whatever was due by `tick` has happened, and nothing has begun after it: else advancing would not end.
      if (since > tick || loadAt > tick + 1 || channel.nextEvent() <= tick) {
        throw new InputError(`saved state of ${this.name}: counter ${n} does not agree with the clock`);
      }
      return channel.state;
    });
    this.tick = tick;
    this.channels.forEach((channel, n) => {
      channel.state = restored[n]!;
    });
  }

  /** 7:6 counter, or 3 for read-back | 5:4 RW, 0 for the latch command | 3:1 mode | 0 BCD. */
  private writeControl(value: number): void {
    const select = value >> 6;
    if (select === READ_BACK) this.readBack(value);
    else if ((value & 0x30) === 0) this.channels[select]!.latchCount(this.tick);
    else this.channels[select]!.writeControl(value);
  }

  /** "Read-Back Command": 5 clear to latch the count | 4 clear to latch the status | 3:1 counters 2, 1, 0. */
  private readBack(value: number): void {
    this.channels.forEach((channel, n) => {
      if ((value & (2 << n)) === 0) return;
      if ((value & 0x20) === 0) channel.latchCount(this.tick);
      if ((value & 0x10) === 0) channel.latchStatus();
    });
  }
}
