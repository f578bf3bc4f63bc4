// Two machines whose COM1 are wired to each other.

import { describe, expect, it, afterEach, vi } from 'vitest';
import { connectSerial } from '../../src/machine/serial-link.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { ENGINE_NAMES } from '../vm/support.ts';
import { counter, echo, say } from './guests.ts';

const machineState = ({ vm, outputBytes }: Pc): unknown => [
  vm.clock.ticks,
  vm.clock.events,
  vm.retired,
  hashMemory(vm),
  outputBytes,
  vm.save(),
];

afterEach(() => void vi.restoreAllMocks());

const SPIN = [0xeb, 0xfe];

describe('a link', () => {
  it('carries what one machine says to the other, and back', async () => {
    const [a, b] = [createPc(say('hello', SPIN)), createPc(echo())];
    const link = connectSerial(a, b);
    expect(await link.run({ until: 2_000_000 })).toEqual({ reason: 'until', time: 2_000_000 });
    expect([a.output, b.output]).toEqual(['hello', 'hello']);
    // What came back waits in the UART of the first.
    expect(a.board.serialRoom).toBe(65536 - 4);
    expect([a.vm.clock.nanoseconds(), b.vm.clock.nanoseconds()]).toEqual([2_000_000, 2_000_000]);
  });

  it.each(ENGINE_NAMES)('is the same on any host, whatever the %s is cut into', async (engine) => {
    const run = async (milliseconds: number, cuts: number, config = {}): Promise<unknown> => {
      let now = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
      const [a, b] = [createPc({ ...counter(), ...config }), createPc({ ...echo(40), ...config })];
      const link = connectSerial(a, b, { window: 70_000 });
      b.type('typed');
      for (let n = 1; n <= cuts; n++) await link.run({ until: (n * 7_000_000) / cuts, timeout: Infinity });
      return [a, b].map(machineState);
    };
    const reference = await run(0.001, 1);
    expect(await run(1.3, 10, { engine, tracking: 'write-protect' })).toEqual(reference);
  });

  it('ends when one machine comes back, says which, and goes on from there', async () => {
    const [a, b] = [createPc(counter()), createPc(say('x', [0xb0, 7, 0xe6, 0xf4, 0xb0, 9, 0xe6, 0xf4, ...SPIN]))];
    const link = connectSerial(a, b);
    expect(await link.run()).toMatchObject({ reason: 'exit', machine: 1, exit: { kind: 'debug-exit', value: 7 }, time: 0 });
    expect(a.vm.clock.nanoseconds()).toBe(100_000);
    expect(await link.run()).toMatchObject({ reason: 'exit', machine: 1, exit: { kind: 'debug-exit', value: 9 } });
    expect(a.vm.clock.nanoseconds()).toBe(100_000);
    expect(await link.run({ until: 300_000 })).toEqual({ reason: 'until', time: 300_000 });
    expect([a, b].map(({ vm }) => vm.clock.nanoseconds())).toEqual([300_000, 300_000]);
  });

  it('ends when both wait for nothing', async () => {
    const [a, b] = [createPc(say('a')), createPc(say('b'))];
    expect(await connectSerial(a, b).run()).toMatchObject({ reason: 'idle', time: 200_000 });
    expect([a.output, b.output]).toEqual(['a', 'b']);
  });

  it('loses nothing of what the other has no room for', async () => {
    const text = 'x'.repeat(70_000);
    const [a, b] = [createPc(say(text)), createPc(echo())];
    const link = connectSerial(a, b, { window: 3_000_000 });
    expect((await link.run({ until: 3_000_000 })).reason).toBe('until');
    expect(a.output).toBe(text);
    await link.run({ until: 30_000_000 });
    expect(b.output).toBe(text);
  });

  it('carries nothing once it is closed, and ends by a timeout or a signal', async () => {
    const [a, b] = [createPc(counter()), createPc(echo())];
    const link = connectSerial(a, b);
    expect(await link.run({ timeout: 0 })).toEqual({ reason: 'timeout', time: 0 });
    expect(await link.run({ signal: AbortSignal.abort() })).toEqual({ reason: 'aborted', time: 0 });
    link.close();
    await expect(link.run()).rejects.toThrow('the link is closed');
    a.vm.runSlice(100_000);
    b.vm.runSlice(1000);
    expect([a.output.length > 0, b.output]).toEqual([true, '']);
  });

  it('is recorded as input, machine by machine', async () => {
    const [a, b] = [createPc(say('hi', SPIN)), createPc(echo())];
    const journal = b.vm.record();
    await connectSerial(a, b).run({ until: 1_000_000 });
    journal.stop();
    expect(journal.entries.map(({ input }) => input)).toEqual([{ kind: 'device', device: 'uart', data: Uint8Array.of(104, 105) }]);
  });

  it('is not made of one machine, or of none', () => {
    const pc = createPc(echo());
    expect(() => connectSerial(pc, pc)).toThrow('a machine cannot be connected to itself');
    expect(() => connectSerial(pc, pc.vm as unknown as Pc)).toThrow(/^EINVAL: b is an object, not a PC$/);
    expect(() => connectSerial(pc, createPc(echo()), { windw: 3 } as object)).toThrow(/did you mean 'window'\?/);
  });
});
