// A PC: a VM with the PC board built in. Who creates it says where the guest's output goes.

import { LOW_RAM_LIMIT } from '../vm/config.ts';
import { Vm } from '../vm/vm.ts';
import type { VmConfig } from '../vm/config.ts';
import type { Board } from './board.ts';
import { DEFAULT_EPOCH, createPcBoard } from './pc-board.ts';

export interface PcConfig extends Omit<VmConfig, 'platform'> {
  /** Bytes that the guest sends to COM1. */
  readonly serial?: (byte: number) => void;
  /** Bytes that the guest writes to port 0xE9. */
  readonly debugcon?: (byte: number) => void;
  /** What the real-time clock shows at virtual time 0, in seconds since 1970; 2000-01-01 00:00 UTC if not given. */
  readonly epoch?: number;
}

export interface Pc { readonly vm: Vm; readonly board: Board }

/**
 * Builds the machine; a write of v to the debug-exit port ends the run with exit `debug-exit`,
 * a request for a reset with exit `reset`. Errors as `Vm`.
 */
export function createPc({ serial = () => {}, debugcon = () => {}, epoch = DEFAULT_EPOCH, ...config }: PcConfig): Pc {
  let board: Board | null = null;
  const vm: Vm = new Vm({
    ...config,
    platform: (host) => {
      const debugExit = (value: number): void => vm.exitWith({ kind: 'debug-exit', value });
      const reset = (): void => vm.exitWith({ kind: 'reset' });
      const lowRam = Math.min(config.memory, LOW_RAM_LIMIT);
      board = createPcBoard(host, { serial, debugcon, debugExit, reset }, { lowRam, highRam: config.memory - lowRam, epoch });
      return board;
    },
  });
  return { vm, board: board! };
}
