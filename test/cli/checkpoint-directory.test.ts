import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { CheckpointStore } from '../../src/checkpoint/store.ts';
import { cycleFile, DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { hashImage } from '../../src/snapshot/hash.ts';
import { DIRTIER, loadedGuest } from '../checkpoint/support/guest.ts';

const CYCLES = 4;

/** The first cycles of a guest. */
function checkpointInto(store: CheckpointStore, instructions = 50_000): void {
  const { vm } = loadedGuest(DIRTIER, { tracking: 'pml' });
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: 0xffffffff, instructions, hash: true });
  checkpointer.start();
  for (let n = 0; n < CYCLES; n++) checkpointer.cycle();
  store.close?.();
}

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-directory-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const refusal = (text: string): unknown =>
  expect.objectContaining({ name: 'InputError', message: expect.stringMatching(new RegExp(`^[^\\n]*${text}[^\\n]*$`)) });

describe('a directory of checkpoints', () => {
  it('needs memory for the largest cycle alone', () => {
    const store = DirectoryStore.create(join(root, 'memory'));
    checkpointInto(store);
    expect(store.pool.bytes).toBe(1024 ** 2);
  });

  it('gives back what was put, to whoever opens it', () => {
    const path = join(root, 'whole');
    const memory = new MemoryStore();
    checkpointInto(memory);
    checkpointInto(DirectoryStore.create(path));
    const opened = DirectoryStore.open(path);
    expect(readdirSync(path)).toEqual(['base.tmck', ...[1, 2, 3, 4].map(cycleFile)]);
    expect([opened.firstCycle, opened.lastCycle]).toEqual([0, CYCLES]);
    expect(verifyRebuilds(opened)).toEqual({ checked: CYCLES + 1, wrong: [] });
    expect(opened.base().machine).toEqual(memory.base().machine);
    for (let cpid = 0; cpid <= CYCLES; cpid++) {
      const ours = rebuildCycle(opened, cpid);
      const theirs = rebuildCycle(memory, cpid);
      expect(ours.state).toEqual(theirs.state);
      expect(hashImage(ours.pages)).toBe(theirs.hash);
      if (cpid > 0) expect([...opened.delta(cpid).pages.keys()]).toEqual([...memory.delta(cpid).pages.keys()]);
    }
  });

  it.each<[string, (path: string) => void, string]>([
    ['other files', (path) => writeFileSync(join(path, 'letter'), 'x'), "is not empty \\(it holds 'letter'\\)"],
    ['an older run', (path) => writeFileSync(join(path, 'base.tmck'), 'x'), "holds another run's checkpoints \\('base.tmck'\\)"],
  ])('is not begun among %s', (name, fill, message) => {
    const path = join(root, name);
    mkdirSync(path);
    fill(path);
    const before = readdirSync(path);
    expect(() => DirectoryStore.create(path)).toThrow(refusal(message));
    expect(readdirSync(path)).toEqual(before);
  });

  it('may be begun in an empty directory, not in a file', () => {
    mkdirSync(join(root, 'empty'));
    const store = DirectoryStore.create(join(root, 'empty'));
    expect(store.lastCycle).toBe(0);
    store.close();
    writeFileSync(join(root, 'file'), 'x');
    expect(() => DirectoryStore.create(join(root, 'file'))).toThrow(refusal('is not a directory'));
    expect(() => DirectoryStore.create(join(root, 'absent', 'below'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('leaves nothing of a cycle that could not be written', () => {
    const path = join(root, 'full');
    const store = DirectoryStore.create(path);
    checkpointInto(store);
    const delta = store.delta(CYCLES);
    mkdirSync(join(path, cycleFile(CYCLES + 1)));
    expect(() => store.putDelta({ ...delta, cpid: CYCLES + 1 })).toThrow();
    expect(readdirSync(path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(store.lastCycle).toBe(CYCLES);
  });
});

describe('damage', () => {
  let whole = '';
  let path = '';
  let count = 0;
  beforeAll(() => {
    whole = join(root, 'pristine');
    checkpointInto(DirectoryStore.create(whole));
  });
  beforeEach(() => {
    path = join(root, `damaged-${count++}`);
    mkdirSync(path);
    for (const name of readdirSync(whole)) copyFileSync(join(whole, name), join(path, name));
  });

  const readAll = (): void => {
    verifyRebuilds(DirectoryStore.open(path));
  };
  const flip = (name: string, at: number): void => {
    const bytes = readFileSync(join(path, name));
    bytes[at < 0 ? bytes.length + at : at]! ^= 0x10;
    writeFileSync(join(path, name), bytes);
  };

  it('none: everything is read', () => expect(readAll).not.toThrow());

  it.each<[string, () => void, string]>([
    ['a truncated base', () => truncateSync(join(path, 'base.tmck'), 5000), 'base\\.tmck: offset 0x1388: the file ends here.*truncated'],
    ['an empty cycle', () => truncateSync(join(path, cycleFile(2)), 0), 'cycle-000002\\.tmck: offset 0x0: the file ends here'],
    [
      'a flipped bit in a page',
      () => flip(cycleFile(3), -5000),
      'cycle-000003\\.tmck: offset 0x[0-9a-f]+: the checksum is .* the file is damaged',
    ],
    ['a flipped bit in the header', () => flip(cycleFile(1), 40), 'cycle-000001\\.tmck: .*damaged'],
    ['a flipped bit in the checksum', () => flip('base.tmck', -1), 'base\\.tmck: .*damaged'],
    ['another version', () => flip('base.tmck', 8), 'base\\.tmck: offset 0x8: format version 18\\.0; this build reads version 2'],
    [
      'a missing cycle',
      () => rmSync(join(path, cycleFile(2))),
      'cycle-000002\\.tmck is missing: cycles 2 to 4 cannot be rebuilt without it',
    ],
    ['a missing base', () => rmSync(join(path, 'base.tmck')), 'holds no checkpoints \\(there is no base\\.tmck\\)'],
    [
      'cycles that changed places',
      () => {
        renameSync(join(path, cycleFile(2)), join(path, 'x'));
        renameSync(join(path, cycleFile(3)), join(path, cycleFile(2)));
        renameSync(join(path, 'x'), join(path, cycleFile(3)));
      },
      'cycle-000002\\.tmck: holds cycle 3',
    ],
    [
      'a base in place of a cycle',
      () => copyFileSync(join(path, 'base.tmck'), join(path, cycleFile(4))),
      'cycle-000004\\.tmck: offset 0xc: a file of kind 1',
    ],
    [
      'a directory in place of a file',
      () => {
        rmSync(join(path, cycleFile(4)));
        mkdirSync(join(path, cycleFile(4)));
      },
      'cycle-000004\\.tmck: is a directory',
    ],
  ])('%s: one clear line', (_name, damage, message) => {
    damage();
    expect(readAll).toThrow(refusal(message));
  });

  it('a cycle of another run is not taken for one of this', () => {
    const other = join(root, `other-${count}`);
    checkpointInto(DirectoryStore.create(other), 61_000);
    copyFileSync(join(other, cycleFile(3)), join(path, cycleFile(3)));
    expect(readAll).toThrow(refusal('cycle-000003\\.tmck: does not continue .*cycle-000002\\.tmck: they are of different runs'));
  });

  it('a last cycle that is missing is a shorter run; what a killed run left unfinished is no part of it', () => {
    rmSync(join(path, cycleFile(CYCLES)));
    writeFileSync(join(path, `${cycleFile(CYCLES)}.4711.tmp`), 'half a cyc');
    expect(DirectoryStore.open(path).lastCycle).toBe(CYCLES - 1);
    expect(readAll).not.toThrow();
  });

  it('a missing or damaged cycle blocks only itself and what comes after it', () => {
    for (const damage of [() => flip(cycleFile(3), 5000), () => rmSync(join(path, cycleFile(3)))]) {
      damage();
      const store = DirectoryStore.open(path);
      for (const cpid of [0, 1, 2]) expect(() => rebuildCycle(store, cpid)).not.toThrow();
      for (const cpid of [3, 4]) expect(() => rebuildCycle(store, cpid)).toThrow(refusal('cycle-000003\\.tmck'));
    }
  });

  it('any single byte changed in any file is noticed', () => {
    for (const name of readdirSync(path)) {
      const size = statSync(join(path, name)).size;
      for (let n = 0; n < 12; n++) {
        const at = Math.floor((size * n) / 12);
        flip(name, at);
        expect(readAll, `${name} at ${at}`).toThrow(expect.objectContaining({ name: 'InputError' }));
        flip(name, at);
      }
    }
    expect(readAll).not.toThrow();
  });
});
