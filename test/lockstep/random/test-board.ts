// The smallest board that disturbs: a timer that interrupts every so many ticks, ports and device memory that answer by the
// time, and addresses whose write kicks the vCPU out of the slice.

import type { Platform, PlatformHost } from '../../../src/base/platform.ts';

/** The low byte of a port, or of a device's address. */
export const KICK_PORT = 0x80;
/** Nanoseconds of virtual time per retired instruction. */
const TICK = 10;

export interface TestBoardConfig {
  /** Ticks between two interrupts; 0 for none. */
  readonly period: number;
  readonly vector: number;
  /** What the guest wrote, and when. */
  readonly writes: string[];
  readonly kick: () => void;
}

export function createTestBoard(host: PlatformHost, { period, vector, writes, kick }: TestBoardConfig): Platform {
  let next = period === 0 ? Infinity : period * TICK;
  let pending = false;
  const note = (kind: string, address: number, width: number, value: number): boolean => {
    writes.push(`${kind} ${address.toString(16)}/${width} ${value.toString(16)} at ${host.now()}`);
    if ((address & 0xff) === KICK_PORT) kick();
    return true;
  };
  const answer = (address: number, width: number): number => ((address ^ host.now()) >>> 0) % 2 ** (8 * Math.min(width, 4));
  return {
    ports: { read: (port, width) => answer(port, width), write: (port, width, value) => note('port', port, width, value) },
    mmio: { read: (gpa, width) => answer(gpa, width), write: (gpa, width, value) => note('mmio', gpa, width, value) },
    timeline: {
      deadline: () => next,
      advance(now) {
        if (now < next) return;
        next += period * TICK * Math.ceil((now - next + 1) / (period * TICK));
        pending = true;
        host.interruptChanged(0);
      },
    },
    interruptPending: (vcpu) => vcpu === 0 && pending,
    canInterrupt: (vcpu) => vcpu === 0,
    acknowledgeInterrupt() {
      pending = false;
      return vector;
    },
    save: () => ({ timer: { next: next === Infinity ? -1 : next, pending } }),
    restore() {},
    reset() {},
  };
}
