// `tidemark inspect DIR --watch`: who wrote some bytes, by running cycles once more.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeCycle } from '../../src/checkpoint/rebuild.ts';
import { DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { crc32 } from '../../src/base/crc32.ts';
import { findStores } from '../../src/cli/inspect/watch/watch.ts';
import { main } from '../../src/cli/main.ts';
import { Vector } from '../../src/cpu/arch/vectors.ts';
import { createPc } from '../../src/machine/pc.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { assemble, u32 } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { AT, screenGuest } from './screen-guest.ts';
import { cli, collectingIo } from './streams.ts';

let root = '';
const at = (name: string): string => join(root, name);
afterAll(() => rmSync(root, { recursive: true }));

const guest = (name: string): string => join(GUESTS, name);

/** Runs what `argv` says under checkpoints in the directory `name`. */
const checkpoint = (name: string, every: string, ...argv: string[]) =>
  cli('run', ...argv, '--serial=none', `--checkpoint-every=${every}`, `--checkpoint-to=${at(name)}`);

/** The same for 32-bit code; ends in HLT. */
async function code(name: string, items: readonly Item[], every = '1000insns', ...options: string[]): Promise<void> {
  writeFileSync(at(`${name}.bin`), assemble(AT, ...items, 0xfa, 0xf4).bytes);
  const { status, stderr } = await checkpoint(name, every, at(`${name}.bin`), `--at=0x${AT.toString(16)}`, '--memory=2M', ...options);
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^checkpoints: /)]);
}

interface StoreData {
  readonly cycle: number;
  readonly by: string;
  readonly vector?: number;
  readonly vcpu?: number;
  readonly retired?: number;
  readonly instruction?: string;
  readonly before: string;
  readonly after: string;
  readonly changed: boolean;
}

async function watch(name: string, range: string, ...options: string[]): Promise<StoreData[]> {
  const { status, stdout, stderr } = await cli('inspect', at(name), `--watch=${range}`, '--json', ...options);
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout).watch.stores;
}
const told = (stores: readonly StoreData[]): string[] =>
  stores.map(({ by, vcpu, retired, instruction, before, after }) => `${by} ${vcpu} ${retired}: ${instruction}: ${before} -> ${after}`);

const LENGTH = 1024;

const INC = (gpa: number): number[] => [0xff, 0x05, ...u32(gpa)];
const DEC = (gpa: number): number[] => [0xff, 0x0d, ...u32(gpa)];
const MOV_BYTE = (gpa: number, value: number): number[] => [0xc6, 0x05, ...u32(gpa), value];
const NOPS = (count: number): number[] => Array.from({ length: count }, () => 0x90);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-watch-'));
});

describe('--watch', () => {
  it('sees stores of the same value, and those that cancel out', async () => {
    await code('same', [MOV_BYTE(0x20000, 7), MOV_BYTE(0x20000, 7), INC(0x20000), DEC(0x20000), MOV_BYTE(0x20001, 1)]);
    expect(told(await watch('same', '0x20000', '--all'))).toEqual([
      'instruction 0 0: mov byte ptr [0x20000], 7: 00 -> 07',
      'instruction 0 1: mov byte ptr [0x20000], 7: 07 -> 07',
      'instruction 0 2: inc dword ptr [0x20000]: 07 -> 08',
      'instruction 0 3: dec dword ptr [0x20000]: 08 -> 07',
    ]);
  });

  it('names the last store that changed the bytes, and the last at all, over cycles without either', async () => {
    const items = [MOV_BYTE(0x20000, 7), NOPS(30), MOV_BYTE(0x20000, 7), NOPS(30), MOV_BYTE(0x20004, 9), NOPS(30)];
    await code('cycles', items, '10insns');
    expect(told(await watch('cycles', '0x20000'))).toEqual([
      'instruction 0 0: mov byte ptr [0x20000], 7: 00 -> 07',
      'instruction 0 31: mov byte ptr [0x20000], 7: 07 -> 07',
    ]);
    expect(told(await watch('cycles', '0x20000', '--cycle=2'))).toEqual(['instruction 0 0: mov byte ptr [0x20000], 7: 00 -> 07']);
    expect((await watch('cycles', '0x20000', '--all')).map(({ cycle }) => cycle)).toEqual([1, 4]);
    const { stdout } = await cli('inspect', at('cycles'), '--watch=0x30000,8');
    expect(stdout).toBe('8 bytes at 0x00030000: no store up to the end of cycle 10 (no cycle up to 10 reported a page of it)\n');
  });

  it('names the function that stored', async () => {
    await code('named', [NOPS(3), MOV_BYTE(0x20000, 7)]);
    writeFileSync(at('map'), `${AT.toString(16).padStart(8, '0')} T start\n`);
    const { stdout } = await cli('inspect', at('named'), '--watch=0x20000', `--symbols=${at('map')}`);
    expect(stdout).toMatch(/: an instruction of vCPU 0 at 0x0010:0x00010003 <start\+0x3>, after 3 instructions$/m);
    expect(await watch('named', '0x20000', `--symbols=${at('map')}`)).toMatchObject([{ symbol: 'start+0x3' }]);
    expect(await watch('named', '0x20000')).toMatchObject([{ symbol: null }]);
    const { status, stderr } = await cli('inspect', at('named'), `--symbols=${at('map')}`);
    expect([status, stderr]).toEqual([125, expect.stringMatching(/^tidemark: --symbols means nothing without --watch[^\n]*\n$/)]);
  });

  it('sees a store that crosses pages from either page, and each half', async () => {
    await code('crossing', [0xc7, 0x05, ...u32(0x20ffe), ...u32(0x44332211)]);
    const mov = 'instruction 0 0: mov dword ptr [0x20ffe], 0x44332211';
    for (const [range, values] of [
      ['0x20ffe', '00 -> 11'],
      ['0x20fff,2', '0000 -> 2233'],
      ['0x21000,8', '0000000000000000 -> 3344000000000000'],
    ] as const) {
      expect(told(await watch('crossing', range, '--all'))).toEqual([`${mov}: ${values}`]);
    }
    expect(await watch('crossing', '0x20ffd', '--all')).toEqual([]);
    expect(await watch('crossing', '0x21002', '--all')).toEqual([]);
  });

  it('tells two vCPUs apart', async () => {
    await code('two', [0xf0, ...INC(0x20000)], '1insns', '--cpus=2', '--enter-all');
    const stores = await watch('two', '0x20000', '--all');
    expect(stores.map(({ vcpu, retired, after }) => [vcpu, retired, after])).toEqual([
      [0, 0, '01'],
      [1, 0, '02'],
    ]);
  });

  it('names the iteration of a repeated string instruction, and every push of PUSHA as one store', async () => {
    const stos = [0xfc, 0xb0, 0x5a, 0xbf, ...u32(0x21000), 0xb9, ...u32(8), 0xf3, 0xaa];
    await code('many', [stos, 0xbc, ...u32(0x22020), 0x60]);
    expect(told(await watch('many', '0x21003', '--all'))).toEqual(['instruction 0 7: rep stosb [edi]: 00 -> 5a']);
    expect(told(await watch('many', '0x22000,32', '--all'))).toHaveLength(1);
  });

  it('takes what ENTER only probes for no store', async () => {
    await code('enter', [0xbc, ...u32(0x22000), 0xc8, 0x00, 0x01, 0x00]);
    expect(told(await watch('enter', '0x21ffc,4', '--all'))).toEqual([expect.stringMatching(/: enter 0x100, 0: /)]);
    expect(await watch('enter', '0x21ef8,8', '--all')).toEqual([]);
  });

  it('shows the bytes of an instruction that changes itself as they were', async () => {
    await code('self', [MOV_BYTE(AT, 0x90)]);
    expect(told(await watch('self', `0x${AT.toString(16)}`, '--all'))).toEqual(['instruction 0 0: mov byte ptr [0x10000], 0x90: c6 -> 90']);
  });

  it('sees what firmware writes for a guest', async () => {
    await checkpoint('bios', '2000insns', guest('boot-hello/boot-hello.img'));
    const loaded = await watch('bios', '0x7c00,4', '--all');
    expect(loaded).toMatchObject([{ cycle: 1, by: 'host', vcpu: 0, instruction: 'out 0xb2, al', changed: true }]);
    const ticks = (await watch('bios', '0x46c,4', '--all')).filter(({ changed }) => changed);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.map(({ after }) => after)).toEqual(ticks.map((_, n) => `0${n + 1}000000`));
  });

  it.each([
    [
      'dirtier',
      ['dirtier/dirtier-64.elf', '--memory=8M', '--append=pages=8 rate=4 iterations=4 group=1'],
      '20000insns',
      [0x500000, 0x510000, 0x1052c0],
    ],
    ['smp', ['smp64/smp64.elf', '--memory=8M', '--cpus=3', '--enter-all', '--append=cpus=3 rounds=300'], '30pages', []],
    ['kernel32', ['kernel32/kernel32.elf', '--memory=8M', '--append=hz=20000'], '30000insns', [0x10f000]],
  ] as const)('%s: finds just the changes that stepping finds', async (name, [image, ...options], every, known) => {
    await checkpoint(name, every, guest(image), ...options);
    const store = DirectoryStore.open(at(name));
    const cycle = Math.min(3, store.lastCycle);
    const { stdout } = await cli('inspect', at(name), `--diff=${cycle - 1},${cycle}`, '--bytes', '--json');
    const runs = (JSON.parse(stdout).diff.pages as { runs: { gpa: number }[] }[]).flatMap((page) => page.runs);
    const changed = [runs[0]!, runs.at(-1)!].map(({ gpa }) => gpa - (gpa % LENGTH));
    const watched = [...known, ...changed].map((start) => ({ start, length: LENGTH }));
    const expected = stepped(store, cycle, watched);
    for (const [n, range] of watched.entries()) {
      const { stores } = findStores(store, { range, upTo: cycle, all: true, recording: null, disk: null });
      // What comes before one instruction has retired is one change to who steps: the frame of an interrupt, the page walk. A
      // single-step trap follows its instruction at once.
      const byTick = new Map<number, number>();
      let value = 0;
      for (const each of stores.filter((one) => one.cycle === cycle)) {
        if (byTick.size === 0) value = crc32(each.before);
        const isTrap = each.by.kind === 'exception' && each.by.vector === Vector.DB;
        byTick.set(each.ticks - (isTrap ? 1 : 0), crc32(each.after));
      }
      const found = [...byTick].filter(([, after]) => {
        const isChange = after !== value;
        value = after;
        return isChange;
      });
      expect(found).toEqual(expected[n]);
    }
    expect(expected.flat().length).toBeGreaterThan(0);
  });
});

/** By range, the values that it changed to in the cycle, and before which tick, found by running instruction by instruction. */
function stepped(store: DirectoryStore, cycle: number, ranges: readonly { start: number; length: number }[]): [number, number][][] {
  const { vm } = createPc({ ...store.base().machine, engine: 'interpreter' });
  resumeCycle(vm, store, cycle - 1);
  const { ticks, events } = store.delta(cycle).state;
  const look = (start: number): number => crc32(vm.readMemory(start, LENGTH));
  const found: [number, number][][] = ranges.map(() => []);
  const values = ranges.map(({ start }) => look(start));
  while (vm.moment.at.ticks < ticks || (vm.moment.at.ticks === ticks && vm.moment.at.events < events)) {
    const before = vm.moment.at.ticks;
    if (vm.runSlice(1, { until: { ticks, events, waiting: false } }).exit.kind !== 'limit') break;
    ranges.forEach(({ start }, n) => {
      const value = look(start);
      if (value === values[n]) return;
      values[n] = value;
      found[n]!.push([before, value]);
    });
  }
  return found;
}

describe('--watch of a run that was typed to', () => {
  const RUN = (name: string): string[] => [
    'run',
    at('typed.bin'),
    `--at=0x${AT.toString(16)}`,
    '--memory=2M',
    '--screen',
    `--checkpoint-to=${at(name)}`,
  ];

  beforeAll(async () => {
    writeFileSync(at('typed.bin'), screenGuest({ hz: 100 }));
    const stdin = new PassThrough();
    const { io } = collectingIo({}, stdin);
    const running = main([...RUN('typed'), '--checkpoint-every=100000insns', `--record=${at('typed.tmrec')}`], io);
    for (const key of ['a', 'B', '\x1b']) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      stdin.write(key);
    }
    expect(await running).toBe(3);
  });

  const STACK = '0x80000';

  it('needs its recording, and says so', async () => {
    const { status, stdout, stderr } = await cli('inspect', at('typed'), '--watch', await lastWritten());
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(
      /^tidemark: \S+cycle-\d+\.tmck: cycle \d+ cannot be run once more as it was, .*its recording \(--recording F\)\n$/,
    );
  });

  it('tells who wrote when it is given', async () => {
    const [store] = await watch('typed', await lastWritten(), `--recording=${at('typed.tmrec')}`);
    expect(store).toMatchObject({ vcpu: 0, changed: true });
  });

  it('refuses the recording of another run', async () => {
    const { status, stderr } = await cli('inspect', at('same'), `--watch=${STACK}`, `--recording=${at('typed.tmrec')}`);
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(/^tidemark: \S+typed\.tmrec: is the recording of another run than [^\n]+\n$/),
    ]);
  });

  /** An address that the last cycle changed. */
  async function lastWritten(): Promise<string> {
    const last = DirectoryStore.open(at('typed')).lastCycle;
    const { stdout } = await cli('inspect', at('typed'), `--diff=${last - 1},${last}`, '--bytes', '--json');
    return `${JSON.parse(stdout).diff.pages[0].runs[0].gpa}`;
  }
});
