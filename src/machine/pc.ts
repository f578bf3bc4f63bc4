// A PC: a VM with the PC board built in. Who creates it says where the guest's output goes.

import { Vm } from '../vm/vm.ts';
import type { VmConfig } from '../vm/config.ts';
import type { Board } from './board.ts';
import { createPcBoard } from './pc-board.ts';

export interface PcConfig extends Omit<VmConfig, 'platform'> {
  /** Bytes that the guest sends to COM1. */
  readonly serial?: (byte: number) => void;
  /** Bytes that the guest writes to port 0xE9. */
  readonly debugcon?: (byte: number) => void;
}

export interface Pc { readonly vm: Vm; readonly board: Board }

/** Builds the machine; a write of v to the debug-exit port ends the run with exit `debug-exit`. Errors as `Vm`. */
export function createPc({ serial = () => {}, debugcon = () => {}, ...config }: PcConfig): Pc {
  let board: Board | null = null;
  const vm: Vm = new Vm({
    ...config,
    platform: (host) => {
      board = createPcBoard(host, { serial, debugcon, debugExit: (value) => vm.exitWith({ kind: 'debug-exit', value }) });
      return board;
    },
  });
  return { vm, board: board! };
}
