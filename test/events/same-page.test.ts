// Blocks of one page follow each other without a look at the page's translation. What can change it, the code or the place is seen.

import { describe, expect, it } from 'vitest';
import { deliverFault } from '../../src/cpu/events/deliver.ts';
import { Interpreter } from '../../src/cpu/interpreter/interpreter.ts';
import { runVcpu } from '../../src/cpu/run-loop.ts';
import { AT, MIB, protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';

const HLT = 0xf4;
const INC_EAX = [0xff, 0xc0];
const INC_ECX = [0xff, 0xc1];
const JUMP_OVER_NOTHING = [0xeb, 0x00];
const CR0_PG = 1n << 31n;
/** Code, the page that it is moved to, and a page table with its directory. */
const CODE = AT.CODE;
const OTHER = MIB + AT.CODE;
const TABLE = 0x20000;
const DIRECTORY = 0x21000;

function start(rig: Rig, ...bytes: number[]): (limit?: number) => { retired: number } {
  rig.code(CODE, ...bytes);
  rig.state.rip[0] = BigInt(CODE);
  const engine = new Interpreter({ physical: rig.mmu.physical, deliverFault });
  return (limit = 100) => runVcpu(rig.cpu, engine, limit);
}

const littleEndian = (n: number): number[] => [0, 8, 16, 24].map((shift) => (n >> shift) & 0xff);
const registers = ({ state }: Rig): (number | bigint)[] => [state.gpr[0]!, state.gpr[1]!, Number(state.rip[0])];

describe('blocks of one page', () => {
  it('go on at other code when a helper in between maps another page', () => {
    const rig = protectedMode();
    // The first 4 MiB onto themselves, and the page of the code elsewhere after the move to CR3.
    for (let page = 0; page < 1024; page++) rig.set32(TABLE + 4 * page, (page << 12) | 3);
    rig.set32(DIRECTORY, TABLE | 3);
    const movedTable = TABLE + 0x2000;
    const movedDirectory = DIRECTORY + 0x2000;
    for (let page = 0; page < 1024; page++) rig.set32(movedTable + 4 * page, (page << 12) | 3);
    rig.set32(movedTable + 4 * (CODE >> 12), OTHER | 3);
    rig.set32(movedDirectory, movedTable | 3);
    rig.state.cr3[0] = BigInt(DIRECTORY);
    rig.state.cr0[0] = rig.state.cr0[0]! | CR0_PG;
    rig.state.gpr[3] = BigInt(movedDirectory);
    const moveCr3 = [0x0f, 0x22, 0xdb];
    const run = start(rig, ...INC_EAX, ...JUMP_OVER_NOTHING, ...moveCr3, ...INC_EAX, HLT);
    rig.code(OTHER, ...INC_EAX, ...JUMP_OVER_NOTHING, ...moveCr3, ...INC_ECX, HLT);
    expect(run().retired).toBe(5);
    expect(registers(rig)).toEqual([1n, 1n, CODE + 10]);
  });

  it('are decoded anew when a store changes the one that follows', () => {
    const rig = protectedMode();
    // movb $0xc1, CODE + 10: INC EAX behind the jump becomes INC ECX.
    const patch = [0xc6, 0x05, ...littleEndian(CODE + 10), 0xc1];
    const run = start(rig, ...patch, ...JUMP_OVER_NOTHING, ...INC_EAX, HLT);
    expect(run().retired).toBe(4);
    expect(registers(rig)).toEqual([0n, 1n, CODE + 12]);
  });

  it('stop after any number of instructions, at the next one', () => {
    const rig = protectedMode();
    const code = [...INC_EAX, ...INC_ECX, 0x8b, 0x15, 0, 0x70, 0, 0, ...INC_EAX, ...JUMP_OVER_NOTHING, ...INC_ECX, HLT];
    const ends = [0, 2, 4, 10, 12, 14, 16, 17];
    for (let limit = 1; limit < ends.length; limit++) {
      rig.state.gpr[0] = rig.state.gpr[1] = 0n;
      expect(start(rig, ...code)(limit).retired).toBe(limit);
      expect(registers(rig)[2]).toBe(CODE + ends[limit]!);
    }
  });

  it('name the instruction that faults behind others that cannot', () => {
    const rig = protectedMode();
    rig.state.idtrLimit[0] = 0;
    // DIV by a register that is 0, after two increments.
    start(rig, ...INC_EAX, ...INC_EAX, ...JUMP_OVER_NOTHING, ...INC_EAX, 0xf7, 0xf1, HLT)();
    expect(rig.cpu.exceptionChain[0]).toMatchObject({ vector: 0, rip: CODE + 8 });
    expect(rig.state.gpr[0]).toBe(3n);
  });
});
