// Snapshots: a whole machine in one Uint8Array.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { InputError } from '../../src/base/errors.ts';
import { createPc, restorePc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig, RestoreConfig } from '../../src/machine/pc.ts';
import { hashMachine } from '../../src/snapshot/hash.ts';
import { writerDisk } from '../checkpoint/support/disk-writer.ts';
import { cli } from '../cli/streams.ts';
import { ENGINE_NAMES } from '../vm/support.ts';
import { counter, echo, MIB, say } from './guests.ts';

const whole = ({ vm }: Pc): string => JSON.stringify([vm.save(), hashMachine(vm)]);

const directory = mkdtempSync(join(tmpdir(), 'snapshot-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each(ENGINE_NAMES)('a snapshot, restored into the %s', (engine) => {
  it('is the machine: what it does from there on is what it did', async () => {
    const first = createPc({ ...counter(), tracking: 'pml' });
    first.vm.runSlice(50_003);
    const snapshot = first.snapshot();
    expect(snapshot.length).toBeLessThan(110 * 4096);
    first.vm.runSlice(70_001);
    const same = restorePc(snapshot, { engine });
    const other = createPc({ memory: MIB, engine });
    other.restore(snapshot);
    for (const pc of [same, other]) {
      pc.vm.runSlice(70_001);
      expect(whole(pc)).toBe(whole(first));
    }
  });

  it('holds what was written to the disk, and the disk itself', () => {
    const image = { name: 'writer.img', bytes: writerDisk(2000) };
    const config: PcConfig = { memory: MIB, disk: image };
    const first = createPc(config);
    first.vm.runSlice(400);
    const snapshot = first.snapshot();
    expect(first.vm.save().blocks['bios']!.numbers.length).toBeGreaterThan(10);
    first.vm.runSlice(400);
    for (const pc of [restorePc(snapshot, { engine }), restorePc(snapshot, { disk: image })]) {
      pc.vm.runSlice(400);
      expect(whole(pc)).toBe(whole(first));
    }
    const later = whole(first);
    first.restore(snapshot);
    first.vm.runSlice(400);
    expect(whole(first)).toBe(later);
  });
});

describe('restoring', () => {
  it('goes back, in a machine that has run on, as often as one likes', async () => {
    const pc = createPc(echo());
    pc.vm.runSlice(1000);
    const snapshot = pc.snapshot();
    const run = async (): Promise<unknown> => {
      pc.restore(snapshot);
      pc.type('abc');
      await pc.runUntil({ serial: 'c' });
      return [pc.output, whole(pc)];
    };
    const first = await run();
    pc.vm.runSlice(10_000);
    expect(await run()).toEqual(first);
    expect(pc.output).toBe('abc');
  });

  it('forgets what was said and typed in the run that is left', async () => {
    const pc = createPc(echo());
    const snapshot = pc.snapshot();
    pc.type('left');
    pc.type(new Uint8Array(70_000));
    pc.vm.runSlice(1000);
    expect(pc.output).toContain('left');
    pc.restore(snapshot);
    expect(pc.output).toBe('');
    expect(await pc.runUntil({ serial: 'left', limit: 10_000 })).toMatchObject({ reason: 'limit' });
    expect(pc.output).toBe('');
  });

  it('reports to tracking the pages that differ, and no others', () => {
    const pc = createPc({ ...counter(), tracking: 'write-protect', verify: true });
    pc.vm.runSlice(100_000);
    const snapshot = pc.snapshot();
    const { mt } = pc.vm;
    mt.initMt({ op: 1, maxDirty: pc.vm.pageCount });
    mt.enableMt(1);
    mt.prepareMtCp(1n);
    pc.vm.writeMemory(0xc0000 - 4096, Uint8Array.of(1));
    mt.mtVmQuiesced();
    expect([...mt.fetchSublist({ count: 100, rearm: true }).gfns]).toEqual([0xbf]);
    pc.restore(snapshot);
    expect([...mt.fetchSublist({ count: 100 }).gfns]).toEqual([0xbf]);
  });

  it("brings devices of one's own, which the configuration names again", () => {
    const devices = [{ at: 0x300, length: 1, read: () => 42 }];
    const snapshot = createPc({ memory: MIB, devices }).snapshot();
    expect(() => restorePc(snapshot)).toThrow(/saved state names a device this board has not: "port-0x300"/);
    expect(restorePc(snapshot, { devices }).board.devices.some(({ name }) => name === 'port-0x300')).toBe(true);
  });

  it.each<[string, RestoreConfig, RegExp]>([
    ['memory', { memory: 2 * MIB }, /^the snapshot is of a machine with memory 1048576, and this one has 2097152$/],
    ['vCPUs', { vcpus: 3 }, /with vcpus 2, and this one has 3/],
    ['turns', { quantum: 5 }, /with quantum 20000, and this one has 5/],
    ['ROM', { rom: 65536 }, /with rom 0, and this one has 65536/],
    ['an image', { image: Uint8Array.of(1) } as RestoreConfig, /config has no "image"/],
  ])('refuses a configuration with other %s in one line, and changes nothing', (_name, config, message) => {
    const snapshot = createPc({ memory: MIB, vcpus: 2 }).snapshot();
    expect(() => restorePc(snapshot, config)).toThrow(message);
    if ('image' in config) return;
    const pc = createPc({ memory: MIB, vcpus: 2, ...config });
    const before = whole(pc);
    expect(() => pc.restore(snapshot)).toThrow(message);
    expect(whole(pc)).toBe(before);
  });

  it('refuses the snapshot of a disk on a machine with another, and changes nothing', () => {
    const snapshot = createPc({ memory: MIB, disk: { name: 'a.img', bytes: writerDisk(500) } }).snapshot();
    const pc = createPc({ memory: MIB, disk: { name: 'b.img', bytes: writerDisk(501) } });
    pc.vm.runSlice(100);
    const before = whole(pc);
    expect(() => pc.restore(snapshot)).toThrow(/it is not that of b\.img/);
    expect(() => createPc({ memory: MIB }).restore(snapshot)).toThrow(InputError);
    expect(whole(pc)).toBe(before);
  });

  it('is refused while a journal is recorded, and a snapshot from within a slice', () => {
    const pc = createPc(say('x'));
    const snapshot = pc.snapshot();
    const journal = pc.vm.record();
    expect(() => pc.restore(snapshot)).toThrow(/^EBUSY/);
    journal.stop();
    let refused: unknown = null;
    pc.onSerial(() => {
      try {
        pc.snapshot();
      } catch (error) {
        refused = error;
      }
    });
    pc.vm.runSlice(100);
    expect(String(refused)).toMatch(/EBUSY/);
  });

  it('is refused where memslots were added', () => {
    const pc = createPc({ memory: MIB, spareMemory: MIB, gpaLimit: 4 * MIB });
    const snapshot = pc.snapshot();
    pc.vm.setUserMemoryRegion({ slot: 3, guestPhysAddr: 2 * MIB, memorySize: 4096 });
    expect(() => pc.snapshot()).toThrow(/memslots of this machine were added or deleted/);
    expect(() => pc.restore(snapshot)).toThrow(InputError);
  });
});

describe('a damaged snapshot', () => {
  const made = createPc({ ...counter(), vcpus: 2 });
  made.vm.runSlice(5000);
  const snapshot = made.snapshot();
  /** Of a machine that is the snapshot's: whatever is refused leaves it as it was. */
  const target = createPc({ memory: MIB, vcpus: 2 });
  const before = whole(target);

  const refusal = (bytes: Uint8Array): string | null => {
    try {
      target.restore(bytes);
      return null;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.message;
    }
  };

  it('is refused wherever a byte is changed or the end is missing, and nothing changes', () => {
    fc.assert(
      fc.property(fc.nat(snapshot.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = snapshot.slice();
        bytes[at] ^= change;
        expect(refusal(bytes)).toMatch(/^snapshot: offset 0x[0-9a-f]+: [^\n]+$/);
        expect(refusal(snapshot.subarray(0, at))).toMatch(/^snapshot: [^\n]+$/);
      }),
      { numRuns: 150, seed: 3 },
    );
    expect(whole(target)).toBe(before);
  });

  it('with a checksum that is right is taken or refused in one line, and never half', () => {
    const header = 32 + new DataView(snapshot.buffer).getUint32(16, true);
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(header - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, byte) => {
        const bytes = snapshot.slice();
        bytes[at] = byte;
        new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
        const message = refusal(bytes);
        if (message === null) return void target.restore(snapshot);
        refused++;
        expect(message).not.toContain('\n');
      }),
      { numRuns: 400, seed: 5 },
    );
    expect(refused).toBeGreaterThan(100);
    target.restore(snapshot);
    expect(whole(target)).toBe(whole(made));
  });

  it('is refused for a disk that the file does not hold', () => {
    const disk = createPc({ memory: MIB, disk: { name: 'd', bytes: writerDisk(500) } }).snapshot();
    const text = Buffer.from(disk).toString('latin1');
    const at = text.indexOf('"bytes":', text.indexOf('"disk":{')) + 8;
    const bytes = disk.slice();
    bytes[at] = 0x39;
    new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
    expect(() => restorePc(bytes)).toThrow(/^snapshot: a disk of 9\d+ bytes, but \d+ blocks of it$/);
  });
});

describe('the command line', () => {
  const save = (pc: Pc): string => {
    const path = join(directory, 'machine.tmck');
    writeFileSync(path, pc.snapshot());
    return path;
  };

  it('goes on from a snapshot in a file, and says what is in it', async () => {
    const pc = createPc(say('before and after'));
    await pc.runUntil({ serial: 'before' });
    const path = save(pc);
    expect(await cli('restore', path)).toMatchObject({ status: 0, stdout: ' and after' });
    expect((await cli('inspect', path)).stdout).toMatch(/1 MiB of memory|1M of memory/);
    expect(await cli('restore', path, '--cycle=1')).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('no cycle 1, the last is 0'),
    });
  });

  it('finds the disk in it', async () => {
    const pc = createPc({ memory: MIB, disk: { name: '/nowhere/w.img', bytes: writerDisk(500) } });
    pc.vm.runSlice(300);
    const { status, stderr } = await cli('restore', save(pc));
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('nowhere')]);
  });
});
