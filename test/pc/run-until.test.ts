// Running until something is said: why a run ends, and that where it ends is the guest's doing alone.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { ENGINE_NAMES } from '../vm/support.ts';
import { AT, counter, echo, MIB, say } from './guests.ts';

const machineState = ({ vm }: Pc): unknown => [vm.clock.ticks, vm.clock.events, vm.retired, hashMemory(vm), vm.vcpus[0]!.getRegs()];

afterEach(() => void vi.restoreAllMocks());

/** The host's clock as a host of another speed has it: each look at it takes `milliseconds`. */
function hostOfSpeed(milliseconds: number): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
}

describe('text on COM1', () => {
  it('ends the run after the byte that completes it', async () => {
    const pc = createPc(say('boot...\nlogin: and on and on'));
    const result = await pc.runUntil({ serial: /(\w+): / });
    expect(result).toMatchObject({ reason: 'serial', match: { 0: 'login: ', 1: 'login' } });
    expect(pc.output).toBe('boot...\nlogin: ');
    // OUT has retired, LOOP has not.
    expect(pc.vm.vcpus[0]!.getRegs().rip).toBe(BigInt(AT + 5 + 5 + 5 + 2));
    expect(result.retired).toBe(3 + 3 * 'boot...\nlogin: '.length - 1);
  });

  it('is looked for after the last match, in what was said before too', async () => {
    const pc = createPc(say('a1 a2 a3'));
    pc.vm.runSlice(1000);
    for (const digit of ['1', '2', '3']) expect(await pc.runUntil({ serial: /a(\d)/ })).toMatchObject({ match: { 1: digit }, retired: 0 });
    expect(await pc.runUntil({ serial: /a(\d)/ })).toMatchObject({ reason: 'exit', exit: { kind: 'hlt' } });
  });

  it('may be a text, which is no pattern, and a pattern that remembers nothing', async () => {
    const pc = createPc(say('1+1=2 [ok] (ok)'));
    const sticky = /o/gy;
    sticky.lastIndex = 7;
    expect(await pc.runUntil({ serial: '+1=2 [ok]' })).toMatchObject({ match: { 0: '+1=2 [ok]' } });
    expect(await pc.runUntil({ serial: sticky })).toMatchObject({ match: { 0: 'o' } });
    expect(sticky.lastIndex).toBe(7);
  });

  it('is UTF-8, and a character counts when it is whole', async () => {
    const pc = createPc(say('x─€😀y'));
    expect(await pc.runUntil({ serial: /x[^]/u })).toMatchObject({ match: { 0: 'x─' } });
    expect(await pc.runUntil({ serial: '😀' })).toMatchObject({ match: { 0: '😀' } });
    expect(pc.output).toBe('x─€😀');
  });

  it('may lie 4,096 bytes back, whatever was said before', async () => {
    const pc = createPc(say(`${'-'.repeat(9000)}<${'='.repeat(4093)}>>`));
    expect(await pc.runUntil({ serial: /<=*>/ })).toMatchObject({ reason: 'serial', match: { index: 1 } });
    const far = createPc(say(`<${'='.repeat(4095)}>`));
    expect(await far.runUntil({ serial: /<=*>/ })).toMatchObject({ reason: 'exit' });
  });

  it('is what the debug console says too', async () => {
    const pc = createPc(say('panic: no init', undefined, 0xe9));
    expect(await pc.runUntil({ debugcon: 'panic' })).toMatchObject({ reason: 'debugcon', match: { 0: 'panic' } });
    expect(pc.debugOutput).toBe('panic');
  });

  it.each(ENGINE_NAMES)('ends a run of the %s at the same boundary on any host', async (engine) => {
    const run = async (config: Partial<PcConfig>, milliseconds: number): Promise<unknown> => {
      hostOfSpeed(milliseconds);
      const pc = createPc({ ...counter(), ...config });
      const ends = [];
      for (const serial of [/\x10/, /\x20\x21/]) ends.push(await pc.runUntil({ serial, timeout: Infinity }));
      ends.push(await pc.runUntil({ limit: 12_345 }));
      return [ends, machineState(pc)];
    };
    const reference = await run({ engine: 'interpreter' }, 0.0001);
    expect(await run({ engine, tracking: 'pml' }, 1.7)).toEqual(reference);
    expect(await run({ engine }, 0.01)).toEqual(reference);
  });
});

describe('a run without that text', () => {
  it('ends at an exit, a limit, a timeout, an abort', async () => {
    const pc = createPc(counter());
    expect(await pc.runUntil({ serial: 'never', limit: 70_001 })).toEqual({ reason: 'limit', retired: 70_001 });
    expect(await pc.runUntil({ serial: 'never', timeout: 0 })).toEqual({ reason: 'timeout', retired: 0 });
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(), 20);
    expect(await pc.runUntil({ serial: 'never', signal: aborter.signal })).toMatchObject({ reason: 'aborted' });
    const ended = createPc(say('x', [0xb0, 7, 0xe6, 0xf4]));
    expect(await ended.runUntil({ serial: 'never' })).toMatchObject({ reason: 'exit', exit: { kind: 'debug-exit', value: 7 }, vcpu: 0 });
  });

  it('has a timeout of its own', async () => {
    hostOfSpeed(10_000);
    expect(await createPc(counter()).runUntil({ serial: 'never' })).toMatchObject({ reason: 'timeout' });
  });

  it('goes on after a kick that the caller made', async () => {
    const pc = createPc(counter());
    pc.vm.kick();
    expect(await pc.runUntil({})).toMatchObject({ reason: 'exit', exit: { kind: 'interrupted' } });
    expect(await pc.runUntil({ limit: 10 })).toMatchObject({ reason: 'limit' });
  });

  it('is one at a time', async () => {
    const pc = createPc(counter());
    const first = pc.runUntil({ limit: 1000 });
    await expect(pc.runUntil({ limit: 1 })).rejects.toThrow(/EBUSY: a runUntil of this machine is under way/);
    expect(() => pc.restore(new Uint8Array(0))).toThrow(/EBUSY/);
    expect(await first).toMatchObject({ retired: 1000 });
  });

  it('lets what a sink throws pass, and the machine goes on', async () => {
    let fails = true;
    const heard: number[] = [];
    const serial = (byte: number): void => {
      if (fails) throw new Error('disk full');
      heard.push(byte);
    };
    const pc = createPc({ ...say('abc'), serial });
    await expect(pc.runUntil({ serial: 'c' })).rejects.toThrow('disk full');
    fails = false;
    expect(await pc.runUntil({ serial: 'abc' })).toMatchObject({ reason: 'serial' });
    expect(heard).toEqual([97, 98, 99]);
  });
});

describe('text on the screen', () => {
  /** Waits a while, writes 'Hi' to the screen's first cells, and goes on or halts. */
  const writer = (then: readonly number[], milliseconds: number): PcConfig => ({
    memory: MIB,
    at: AT,
    image: Uint8Array.of(
      ...[0xb9, ...new Uint8Array(Uint32Array.of(milliseconds * 100_000).buffer), 0xe2, 0xfe], // MOV ECX, n; LOOP $
      ...[0x66, 0xc7, 0x05, 0x00, 0x80, 0x0b, 0, 0x48, 0x07, 0x66, 0xc7, 0x05, 0x02, 0x80, 0x0b, 0, 0x69, 0x07],
      ...then,
    ),
  });

  it('ends the run at the next whole 10 ms of virtual time', async () => {
    const pc = createPc(writer([0xeb, 0xfe], 13));
    expect(await pc.runUntil({ screen: /^Hi/ })).toMatchObject({ reason: 'screen', match: { 0: 'Hi' } });
    expect(pc.vm.clock.nanoseconds()).toBe(20_000_000);
    expect(await pc.runUntil({ screen: 'Hi' })).toMatchObject({ reason: 'screen', retired: 0 });
  });

  it('is seen at the end of a run too', async () => {
    expect(await createPc(writer([0xfa, 0xf4], 1)).runUntil({ screen: 'Hi' })).toMatchObject({ reason: 'screen' });
    expect(await createPc(writer([0xeb, 0xfe], 1)).runUntil({ screen: 'Hi', limit: 200_000 })).toMatchObject({
      reason: 'screen',
      retired: 200_000,
    });
    expect(await createPc(writer([0xfa, 0xf4], 1)).runUntil({ screen: 'Ho' })).toMatchObject({ reason: 'exit', exit: { kind: 'hlt' } });
  });
});

describe('typing', () => {
  it('reaches the guest, which answers', async () => {
    const pc = createPc(echo());
    pc.type('ls\n');
    expect(await pc.runUntil({ serial: 'ls\n' })).toMatchObject({ reason: 'serial' });
    pc.type(Uint8Array.of(1, 2));
    await pc.runUntil({ serial: '\x02' });
    expect(pc.outputBytes).toEqual(Uint8Array.of(0x6c, 0x73, 0x0a, 1, 2));
  });

  const LONG = Uint8Array.from({ length: 100_000 }, (_, n) => (n * 7 + (n >> 8)) & 0xff);

  it('of more than fits loses nothing, and is the same on any host, and in a replay', async () => {
    const run = async (milliseconds: number) => {
      hostOfSpeed(milliseconds);
      const pc = createPc(echo(3));
      const journal = pc.vm.record();
      pc.type(LONG);
      pc.type('end');
      await pc.runUntil({ serial: 'end', timeout: Infinity });
      journal.stop();
      return { pc, journal };
    };
    const { pc, journal } = await run(0.0001);
    expect(Buffer.compare(pc.outputBytes.subarray(0, LONG.length), LONG)).toBe(0);
    expect(pc.output.endsWith('end')).toBe(true);
    expect(journal.entries.length).toBeGreaterThan(3);
    const other = await run(2.3);
    expect(machineState(other.pc)).toEqual(machineState(pc));
    expect(other.journal.entries).toEqual(journal.entries);
  });

  it('from within a slice loses nothing either', async () => {
    const pc = createPc(echo(3));
    let times = 0;
    pc.onSerial((byte) => {
      if (byte === 0 && ++times <= 3) for (let n = 0; n < 3; n++) pc.type(LONG.subarray(1, 10_001));
    });
    pc.type(Uint8Array.of(0, 0, 0, 0x21, 0x21, 0x21));
    await pc.runUntil({ serial: 'never', limit: 2_000_000 });
    const zeros = LONG.subarray(1, 10_001).filter((byte) => byte === 0).length;
    expect(zeros).toBeGreaterThan(3);
    // Three zeros were typed by hand; each of the three that are answered brings three texts.
    expect(pc.outputBytes.length).toBe(6 + 9 * 10_000);
  });
});
