import { describe, expect, it } from 'vitest';
import { InternalError } from '../../src/base/errors.ts';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { MACHINE_LOCK_REGION, MachineLock, yieldRequester } from '../../src/base/machine-lock.ts';
import { Request } from '../../src/base/request.ts';
import { planRegions } from '../../src/base/state/regions.ts';

const plan = planRegions([MACHINE_LOCK_REGION, { name: 'requests', bytes: 8 }]);

describe.each([false, true])('the machine lock (shared memory: %s)', (shared) => {
  const memory = LinearMemory.create(plan.total.bytes, shared);

  it('nests, and is released with the outermost level', () => {
    const lock = new MachineLock(memory, plan);
    lock.with(() => lock.with(() => expect(lock.held).toBe(true)));
    expect(lock.held).toBe(false);
    expect(lock.contended).toBe(false);
    expect(() => lock.release()).toThrowError(InternalError);
  });

  it('is released when the action throws', () => {
    const lock = new MachineLock(memory, plan);
    expect(() =>
      lock.with(() => {
        throw new RangeError('x');
      }),
    ).toThrowError(RangeError);
    expect(lock.held).toBe(false);
  });

  it('is handed over only from the outermost level', () => {
    const lock = new MachineLock(memory, plan);
    lock.acquire();
    lock.handOver();
    expect(lock.held).toBe(true);
    lock.acquire();
    expect(() => lock.handOver()).toThrowError(InternalError);
    lock.release();
    lock.release();
  });

  it('counts vCPUs in guest mode, seen from every instance', () => {
    const here = new MachineLock(memory, plan);
    const there = new MachineLock(LinearMemory.attach(memory.memory), plan);
    here.enterGuest();
    here.enterGuest();
    expect(there.guestMode).toBe(2);
    here.leaveGuest();
    here.leaveGuest();
    expect(there.guestMode).toBe(0);
  });

  it('asks running vCPUs to yield', () => {
    const words = [plan['requests'].offset, plan['requests'].offset + 4];
    memory.i32[words[1] >> 2] = Request.KICK;
    yieldRequester(memory, words)();
    expect(words.map((offset) => memory.i32[offset >> 2])).toEqual([Request.YIELD, Request.YIELD | Request.KICK]);
  });
});
