// `tidemark restore` and `tidemark inspect`, over what `tidemark run --checkpoint-to` wrote.

import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeDelta } from '../../src/checkpoint/checkpoint-file.ts';
import { cycleFile, DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { cli } from './streams.ts';

const guest = (name: string): string => join(GUESTS, name);
const DIRTIER = [guest('dirtier/dirtier-64.elf'), '--memory=8M', '--append=pages=48 rate=16 iterations=14 group=1'];
const SMP = [guest('smp64/smp64.elf'), '--memory=8M', '--cpus=3', '--enter-all', '--append=cpus=3 rounds=4000'];

let root = '';
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-restore-'));
  const runs: [string, string[]][] = [
    ['dirtier', [...DIRTIER, '--checkpoint-every=100000insns']],
    ['smp', [...SMP, '--checkpoint-every=40pages']],
    ['triple', [guest('triple-fault/triple-fault.elf'), '--memory=2M', '--checkpoint-every=300insns']],
    ['spin', [guest('spin/spin.elf'), '--memory=2M', '--checkpoint-every=50000insns', '--max-instructions=120000']],
  ];
  for (const [name, argv] of runs) await cli('run', ...argv, `--checkpoint-to=${at(name)}`);
});
afterAll(() => rmSync(root, { recursive: true }));

const lastCycle = (name: string): number => DirectoryStore.open(at(name)).lastCycle;

describe('restore', () => {
  it.each([
    ['dirtier', DIRTIER],
    ['smp', SMP],
  ])('%s: from every cycle on, the rest of what was said, and the same end', async (name, argv) => {
    const whole = await cli('run', ...argv, '--stats', '--json');
    const total = JSON.parse(whole.stderr).stats;
    const last = lastCycle(name);
    expect(last).toBeGreaterThan(2);
    for (const cycle of [0, 1, Math.floor(last / 2), last]) {
      const { status, stdout, stderr } = await cli('restore', at(name), `--cycle=${cycle}`, '--stats', '--json');
      expect(status).toBe(0);
      expect(whole.stdout.endsWith(stdout)).toBe(true);
      if (cycle === 0) expect(stdout).toBe(whole.stdout);
      const { stats } = JSON.parse(stderr);
      expect(stats.vcpus).toEqual(total.vcpus);
    }
  });

  it('takes the last cycle by default, and goes on beyond it', async () => {
    const { status, stderr } = await cli('restore', at('spin'), '--max-instructions=1000', '--json');
    expect({ status, ...JSON.parse(stderr) }).toMatchObject({ status: 124, instructions: 1000 });
    const { stderr: text } = await cli('restore', at('spin'), '--max-instructions=1000');
    expect(text).toMatch(/^tidemark: the limit of instructions was reached after 1000 \(121000 in all\)\n {2}cause: in a loop /);
  });

  it('of a guest that had ended by a triple fault is that end', async () => {
    const { status, stderr } = await cli('restore', at('triple'));
    expect(status).toBe(126);
    expect(stderr).toMatch(/^tidemark: triple fault on vCPU 0 after \d+ instructions: .*#GP/);
    expect((await cli('restore', at('triple'), '--cycle=1')).status).toBe(126);
  });

  it('can itself be checkpointed, verified and restored', async () => {
    const often = ['--checkpoint-every=150000insns', '--verify', `--checkpoint-to=${at('again')}`];
    const again = await cli('restore', at('dirtier'), '--cycle=2', ...often);
    expect(again.status).toBe(0);
    expect(again.stderr).toMatch(/verified: \d+ cycles/);
    const rest = await cli('restore', at('again'), '--cycle=1');
    expect(again.stdout.endsWith(rest.stdout)).toBe(true);
  });

  it.each<[string, string[], RegExp]>([
    ['no directory', [], /nothing to restore: give a directory of checkpoints/],
    ['two directories', ['a', 'b'], /one directory at most/],
    ['an absent directory', ['absent'], /directory '.*absent': no such file or directory/],
    ['a directory without checkpoints', ['.'], /holds no checkpoints/],
    ['a cycle beyond the last', ['spin', '--cycle=99'], /no cycle 99, the last is 3/],
    ['checkpoints into the same directory', ['spin', '--checkpoint-to=SAME'], /holds another run's checkpoints/],
  ])('%s: 125, one line', async (_name, [directory, ...options], message) => {
    const argv = directory === undefined ? [] : [at(directory), ...options.map((option) => option.replace('SAME', at('spin')))];
    const { status, stdout, stderr } = await cli('restore', ...argv);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  describe('a file with the right checksum that no machine ever saved', () => {
    const cases: [string, (state: Record<string, unknown>) => void, RegExp][] = [
      [
        'of another version',
        (state) => {
          state['version'] = 99;
        },
        /version 99/,
      ],
      [
        'without a register',
        (state) => {
          delete registers(state)['rip'];
        },
        /rip/,
      ],
      [
        'with a register that is no number',
        (state) => {
          registers(state)['cr3'] = 'zebra';
        },
        /malformed|cr3|zebra/,
      ],
      [
        'with a TLB entry of no page',
        (state) => {
          tlb(state)['gfn'] = [1e9];
        },
        /TLB/,
      ],
      [
        'without a device',
        (state) => {
          delete (state['platform'] as Record<string, unknown>)['pit'];
        },
        /lacks the device|pit/,
      ],
      [
        'with another number of vCPUs',
        (state) => {
          (state['vcpus'] as unknown[]).push({ registers: {}, tlb: {} });
        },
        /2 vCPUs/,
      ],
      [
        'with a turn of no vCPU',
        (state) => {
          state['turns'] = { current: 5, left: 1 };
        },
        /vCPUs/,
      ],
      [
        'without time',
        (state) => {
          delete state['ticks'];
        },
        /field state is not/,
      ],
    ];
    const first = (state: Record<string, unknown>): Record<string, Record<string, unknown>> =>
      (state['vcpus'] as Record<string, Record<string, unknown>>[])[0]!;
    const registers = (state: Record<string, unknown>): Record<string, unknown> => first(state)['registers']!;
    const tlb = (state: Record<string, unknown>): Record<string, unknown> => first(state)['tlb']!;

    it.each(cases)('%s: 125, one line', async (name, change, message) => {
      const path = at(`forged ${name}`);
      cpSync(at('spin'), path, { recursive: true });
      const store = DirectoryStore.open(path);
      const delta = store.delta(3);
      const state = JSON.parse(JSON.stringify(delta.state));
      change(state);
      const { previous } = delta as unknown as { previous: number };
      writeFileSync(join(path, cycleFile(3)), Buffer.concat([...encodeDelta({ ...delta, state }, previous)]));
      const { status, stdout, stderr } = await cli('restore', path, '--max-instructions=1000');
      expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
      expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
      expect(stderr).toMatch(message);
    });
  });
});

describe('inspect', () => {
  const json = async (...argv: string[]) => JSON.parse((await cli('inspect', ...argv, '--json')).stdout);

  it('a directory: the machine, every cycle, its pages and size', async () => {
    const last = lastCycle('smp');
    const data = await json(at('smp'));
    expect(data).toMatchObject({ type: 'checkpoints', format: 2, cycles: last, machine: { memory: 8 * 1024 ** 2, vcpus: 3 } });
    expect(data.parts.map((part: { cycle: number }) => part.cycle)).toEqual(Array.from({ length: last + 1 }, (_, n) => n));
    const store = DirectoryStore.open(at('smp'));
    expect(data.parts[1].gfns).toEqual([...store.delta(1).pages.keys()]);
    expect(data.parts[1].pages).toBe(40);
    const { status, stdout, stderr } = await cli('inspect', at('smp'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/: checkpoints of a machine with 8M of memory, 3 vCPUs; \d+ cycles, \d+ bytes, all checksums right\n/);
    expect(stdout).toMatch(/^ {2}base: \d+ pages/m);
    expect(stdout).toMatch(new RegExp(`cycle ${last}: .* the guest's end \\(hlt\\)`));
  });

  it('one file of it', async () => {
    expect(await json(join(at('spin'), 'base.tmck'))).toMatchObject({ type: 'checkpoint-base', cycle: 0, machine: { vcpus: 1 } });
    expect(await json(join(at('spin'), cycleFile(2)))).toMatchObject({ type: 'checkpoint-cycle', cycle: 2, instructions: 100_000 });
  });

  it.each([
    ['kernel32/kernel32.elf', 'multiboot'],
    ['plain32/plain32.elf', 'elf32'],
    ['plain64/plain64.elf', 'elf64'],
  ])('%s is %s', async (name, kind) => {
    const data = await json(guest(name));
    expect(data).toMatchObject({ type: 'image', kind, loadable: true, bytes: readFileSync(guest(name)).length });
    const holdsEntry = ({ base, size }: { base: number; size: number }): boolean => data.entry >= base && data.entry < base + size;
    expect(data.segments.some(holdsEntry)).toBe(true);
  });

  it('a disk with a boot sector: geometry and partitions', async () => {
    const disk = new Uint8Array(4 * 1024 ** 2);
    disk.set([0x80, 0, 2, 0, 0x0c, 0, 0, 0, 63, 0, 0, 0, 0, 16, 0, 0], 446 + 16);
    disk.set([0x55, 0xaa], 510);
    writeFileSync(at('disk'), disk);
    expect(await json(at('disk'))).toMatchObject({
      type: 'image',
      kind: 'boot-sector',
      loadable: true,
      entry: 0x7c00,
      signature: 0xaa55,
      drive: 0x80,
      sectors: 8192,
      geometry: { cylinders: 8, heads: 16, sectorsPerTrack: 63 },
      partitions: [{ number: 2, bootable: true, type: 0x0c, first: 63, sectors: 4096 }],
    });
    expect((await cli('inspect', at('disk'))).stdout).toMatch(/^ {2}partition 2: type 0xc, sectors 63 .+ 4158, bootable$/m);
  });

  it('a diskette has a standard geometry; code where a partition table would be is none', async () => {
    const disk = new Uint8Array(1440 * 1024).fill(0x90);
    disk.set([0x55, 0xaa], 510);
    writeFileSync(at('diskette'), disk);
    expect(await json(at('diskette'))).toMatchObject({
      drive: 0,
      sectors: 2880,
      geometry: { cylinders: 80, heads: 2, sectorsPerTrack: 18 },
      partitions: [],
    });
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /nothing to inspect/],
    ['an absent file', 'absent', /no such file or directory/],
    ['an empty file', 'empty', /is empty/],
    ['noise', 'noise', /not an image that is known/],
  ])('%s: 125, one line', async (_name, name, message) => {
    writeFileSync(at('empty'), '');
    writeFileSync(at('noise'), 'just some text');
    const { status, stdout, stderr } = await cli('inspect', ...(name === '' ? [] : [at(name)]));
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  it('a directory with a damaged cycle: lists all, says what cannot be restored, 125', async () => {
    cpSync(at('spin'), at('damaged'), { recursive: true });
    truncateSync(join(at('damaged'), cycleFile(2)), 3000);
    const { status, stdout, stderr } = await cli('inspect', at('damaged'));
    expect(status).toBe(125);
    expect(stdout).toMatch(/3 cycles, \d+ bytes, cycles 2 to 3 cannot be restored\n {2}base: .*\n {2}cycle 1: \d+ pages/);
    expect(stdout).toMatch(/^ {2}cycle 2: .*cycle-000002\.tmck: offset 0x[0-9a-f]+: .*truncated$/m);
    expect(stderr).toMatch(/^tidemark: [^\n]*cycle-000002\.tmck: [^\n]*; cycles 2 to 3 cannot be restored\n$/);
    expect((await cli('restore', at('damaged'), '--cycle=1', '--max-instructions=10')).status).toBe(124);
    expect(await cli('restore', at('damaged'))).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/cycle-000002\.tmck: .*truncated/),
    });
    rmSync(join(at('damaged'), cycleFile(2)));
    expect((await cli('restore', at('damaged'), '--cycle=1', '--max-instructions=10')).status).toBe(124);
    const gone = await cli('restore', at('damaged'));
    expect(gone.stderr).toMatch(/^tidemark: directory '.*': cycle-000002\.tmck is missing: cycles 2 to 3 cannot be rebuilt without it\n$/);
    expect(await json(at('damaged'))).toMatchObject({
      broken: [
        { cycle: 2, wrong: expect.any(String) },
        { cycle: 3, wrong: expect.any(String) },
      ],
    });
  });
});
