// `tidemark inspect DIR` with options: what is in a cycle, and what changed between cycles. Compared with a machine that was restored.

import { INTERNALS } from '../../src/base/internals.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Access, TlbContext } from '../../src/mmu/vcpu-mmu.ts';
import { resumeCycle } from '../../src/checkpoint/rebuild.ts';
import { DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { cli } from './streams.ts';

let root = '';
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-contents-'));
  const guest = (name: string): string => join(GUESTS, name);
  const runs: [string, string[]][] = [
    [
      'dirtier',
      [guest('dirtier/dirtier-64.elf'), '--memory=8M', '--append=pages=8 rate=4 iterations=8 group=1', '--checkpoint-every=30000insns'],
    ],
    ['kernel32', [guest('kernel32/kernel32.elf'), '--memory=8M', '--append=hz=1000', '--checkpoint-every=100000insns']],
    [
      'smp',
      [guest('smp64/smp64.elf'), '--memory=8M', '--cpus=2', '--enter-all', '--append=cpus=2 rounds=100', '--checkpoint-every=40pages'],
    ],
  ];
  for (const [name, argv] of runs) await cli('run', ...argv, '--serial=none', `--checkpoint-to=${at(name)}`);
});
afterAll(() => rmSync(root, { recursive: true }));

const text = async (name: string, ...options: string[]): Promise<string> => (await cli('inspect', at(name), ...options)).stdout;
const json = async (name: string, ...options: string[]) => JSON.parse(await text(name, ...options, '--json'));

function restored(name: string, cycle: number): Vm {
  const store = DirectoryStore.open(at(name));
  const { vm } = createPc({ ...store.base().machine });
  resumeCycle(vm, store, cycle);
  return vm;
}
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('inspect DIR', () => {
  it('--registers: of every vCPU, at the end of the cycle', async () => {
    const { registers, cycle } = await json('smp', '--registers', '--cycle=1');
    const vm = restored('smp', 1);
    expect(cycle).toBe(1);
    expect(registers).toHaveLength(2);
    for (const { vcpu, regs, sregs, retired } of registers) {
      const real = vm.vcpus[vcpu]!;
      expect([BigInt(regs.rip), BigInt(regs.rsp), BigInt(sregs.cr3), retired]).toEqual([
        real.getRegs().rip,
        real.getRegs().rsp,
        real.getSregs().cr3,
        Number(real.retired),
      ]);
    }
    expect(await text('smp', '--registers')).toMatch(/^vCPU 0: .*\n {2}RIP [0-9a-f]{16} /);
  });

  it('--page and --linear: a hex dump, by either address', async () => {
    const vm = restored('dirtier', 3);
    const { memory } = await json('dirtier', '--page=0x500010', '--cycle=3');
    expect(memory).toEqual({ gpa: 0x500000, bytes: hexOf(vm.readMemory(0x500000, 4096)) });
    expect((await json('dirtier', '--page=0x500ff8,24', '--cycle=3')).memory.bytes).toBe(hexOf(vm.readMemory(0x500ff8, 24)));
    const { linear } = await json('dirtier', '--linear=0x50000ffc,8');
    const last = restored('dirtier', DirectoryStore.open(at('dirtier')).lastCycle);
    expect(linear.pages).toHaveLength(2);
    expect(linear.bytes).toBe(linear.pages.map(({ gpa }: { gpa: number }) => hexOf(last.readMemory(gpa, 4))).join(''));
    const dump = await text('dirtier', '--page=0x500000,96');
    expect(dump).toMatch(/^00500000 {2}44 49 52 54 .* \|DIRTIER1\.+\|\n/);
    expect((await text('dirtier', '--page=0x7f0000')).split('\n').slice(1, 2)).toEqual(['*']);
  });

  it.each(['dirtier', 'kernel32'])('--page-tables of %s: each page leads where the processor would come', async (name) => {
    const { pageTables } = await json(name, '--page-tables', '--cycle=4');
    const [cpu] = restored(name, 4)[INTERNALS].cpus;
    cpu!.refresh();
    cpu!.mmu.setControls();
    const gpaOf = (linear: number): number => cpu!.mmu.gpaOf(linear, Access.READ, TlbContext.SUPERVISOR);
    const { mappings } = pageTables as { mappings: { linear: string; gpa: number; bytes: number; pageBytes: number }[] };
    expect(mappings.length).toBeGreaterThan(0);
    mappings.forEach(({ linear, gpa, bytes, pageBytes }, n) => {
      const start = Number(linear);
      for (let offset = 0; offset < bytes; offset += pageBytes) expect(gpaOf(start + offset)).toBe(gpa + offset);
      const end = start + bytes;
      expect(gpaOf(end - 1)).toBe(gpa + bytes - 1);
      // Nothing is mapped up to the next.
      if (end < 2 ** 32 && Number(mappings[n + 1]?.linear) !== end) expect(gpaOf(end)).toBe(-1);
    });
    expect(pageTables.slots).toEqual([{ slot: 0, gpa: 0, bytes: 8 << 20, readonly: false }]);
  });

  it('--walk: each entry with its place and meaning, then EPT', async () => {
    const walk = await text('dirtier', '--walk=0x40001008');
    expect(walk).toMatch(/^walk of 0x40001008 by vCPU 0: 4-level paging\n {2}PML4E 0 at 0x00510000: 0x[0-9a-f]{16} {2}present, writable/);
    expect(walk).toMatch(/\n {2}PTE 1 at 0x\w+: .*\n {2}guest-physical 0x00601008, in a page of 4K, rwx supervisor\n {2}EPT PML4E: /);
    expect(walk).toMatch(/, maps a page\n$/);
    const { walk: none } = await json('dirtier', '--walk=0xffff800000000000');
    expect(none).toMatchObject({
      linear: '0xffff800000000000',
      outcome: 'not-present',
      gpa: null,
      ept: [],
      entries: [{ name: 'PML4E', index: 256 }],
    });
  });

  it('--dirty: the pages of the cycle, as ranges', async () => {
    const store = DirectoryStore.open(at('dirtier'));
    const gfns = [...store.delta(3).pages.keys()].sort((a, b) => a - b);
    expect((await json('dirtier', '--dirty', '--cycle=3')).dirty).toEqual({ cycle: 3, gfns });
    const lines = (await text('dirtier', '--dirty', '--cycle=3')).trimEnd().split('\n');
    expect(lines[0]).toBe(`cycle 3 reported ${gfns.length} dirty pages`);
    const pages = lines.slice(1).map((line) => Number(/(\d+) pages?$/.exec(line)![1]));
    expect(pages.reduce((sum, count) => sum + count, 0)).toBe(gfns.length);
  });

  it('--diff: just the bytes that differ, whichever way round', async () => {
    const { diff } = await json('dirtier', '--diff=2,4', '--bytes');
    const [before, after] = [restored('dirtier', 2), restored('dirtier', 4)];
    const image = before.readMemory(0, 8 << 20);
    let changed = 0;
    for (const { runs } of diff.pages) {
      for (const run of runs) {
        expect(hexOf(image.subarray(run.gpa, run.gpa + run.before.length / 2))).toBe(run.before);
        image.set(Buffer.from(run.after, 'hex'), run.gpa);
        changed += run.after.length / 2;
      }
    }
    expect(Buffer.compare(image, after.readMemory(0, 8 << 20))).toBe(0);
    expect(diff.changed).toBe(changed);
    const back = (await json('dirtier', '--diff=4,2')).diff;
    expect(back.pages.map(({ gfn }: { gfn: number }) => gfn)).toEqual(diff.pages.map(({ gfn }: { gfn: number }) => gfn));
    expect(await text('dirtier', '--diff=2,2')).toBe('cycle 2 to cycle 2: 0 bytes of 0 pages differ\n');
  });

  it('--last-change: the cycle, and the values before and after it', async () => {
    const { diff } = await json('dirtier', '--diff=3,4', '--bytes');
    const [{ gpa, before, after }] = diff.pages[0].runs;
    const { lastChange } = await json('dirtier', `--last-change=${gpa},${before.length / 2}`, '--cycle=4');
    expect(lastChange).toMatchObject({ gpa, upTo: 4, changed: { cycle: 4, before, after }, reported: 4, bytes: after });
    expect(await text('dirtier', '--last-change=0x7f0000')).toMatch(
      /^0x007f0000: as in the base after cycle \d+: 00\n {2}no cycle reported a page of it\n$/,
    );
  });

  it.each<[string, string[], RegExp]>([
    ['a cycle beyond the last', ['--registers', '--cycle=99'], /no cycle 99, the last is \d+/],
    ['a difference to such a cycle', ['--diff=1,99'], /no cycle 99/],
    ['a cycle, and nothing to show', ['--cycle=1'], /--cycle says of which cycle/],
    ['no RAM there', ['--page=0x7fffff,2'], /no RAM at guest-physical address 0x00800000/],
    ['no RAM to watch', ['--watch=0x800000'], /no RAM at guest-physical address 0x00800000/],
    ['no RAM to compare', ['--last-change=0xfffff000'], /no RAM at/],
    ['no page there', ['--linear=0x60000000'], /no page is mapped at linear address 0x60000000 of vCPU 0/],
    ['no such vCPU', ['--walk=0', '--vcpu=1'], /--vcpu 1: the machine has 1/],
    ['an address that is none', ['--linear=0x1000000000000'], /'--linear': 0x1000000000000 is not a canonical linear address/],
    ['a count of nothing', ['--page=0x1000,0'], /'--page': 0 is not between 1 and/],
    ['three cycles', ['--diff=1,2,3'], /'--diff': '1,2,3' is not two cycles/],
    ['--bytes alone', ['--registers', '--bytes'], /--bytes means nothing without --diff/],
    ['--all alone', ['--registers', '--all'], /--all means nothing without --watch/],
    ['a recording that is not there', ['--watch=0', '--recording=absent'], /absent: no such file/],
    ['a disk for a machine without one', ['--watch=0', '--disk=x'], /has no disk/],
  ])('%s: 125, one line', async (_name, options, message) => {
    const { status, stdout, stderr } = await cli('inspect', at('dirtier'), ...options);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')[0]).toMatch(/^tidemark: /);
    expect(stderr.split('\n').length).toBeLessThanOrEqual(3);
  });

  it('takes a single file that holds a whole machine, and nothing else', async () => {
    const file = join(at('dirtier'), 'base.tmck');
    const { stdout } = await cli('inspect', file, '--registers', '--json');
    expect(JSON.parse(stdout).registers).toEqual((await json('dirtier', '--registers', '--cycle=0')).registers);
    for (const other of [join(at('dirtier'), 'cycle-000001.tmck'), join(GUESTS, 'plain32/plain32.elf')]) {
      const { status, stderr } = await cli('inspect', other, '--registers');
      expect([status, stderr]).toEqual([125, expect.stringMatching(/^tidemark: [^\n]*\n$/)]);
    }
  });
});
