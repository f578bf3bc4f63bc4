// `tidemark run --record F`, `tidemark restore DIR --record F` and `tidemark replay F`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { decodeRecording, encodeRecording } from '../../src/cli/record/recording.ts';
import type { Recording } from '../../src/cli/record/recording.ts';
import { bytesSource } from '../../src/snapshot/format.ts';
import { AT, screenGuest } from './screen-guest.ts';
import { cli, collectingIo } from './streams.ts';
import type { Ran } from './streams.ts';

const directory = mkdtempSync(join(tmpdir(), 'tidemark-replay-'));
afterAll(() => rmSync(directory, { recursive: true }));
const inDirectory = (name: string): string => join(directory, name);

const ticking = inDirectory('ticking.bin');
writeFileSync(ticking, screenGuest({ hz: 100 }));
const RUN = ['run', ticking, `--at=0x${AT.toString(16)}`, '--memory=2M', '--screen'];
const OTHER = ['--engine=interpreter', '--tracking=write-protect', '--checkpoint-every=100000insns', '--verify', '--screen'];

/** Runs while `keys` are typed one after the other, some time apart. */
async function typing(keys: readonly string[], argv: readonly string[]): Promise<Ran> {
  const stdin = new PassThrough();
  const { io, stdout, stderr } = collectingIo({}, stdin);
  const running = main(argv, io);
  for (const key of keys) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    stdin.write(key);
  }
  stdin.end();
  return { status: await running, stdout: stdout(), stderr: stderr() };
}

const read = (path: string): Recording => decodeRecording(bytesSource(path, new Uint8Array(readFileSync(path))));
const write = (path: string, recording: Recording): void => writeFileSync(path, Buffer.concat([...encodeRecording(recording)]));
const screenOf = ({ stderr }: Ran): string[] => stderr.split('\n').filter((line) => /^[0-9A-F]{2,}$|^Hello/.test(line));

const typed = inDirectory('typed.tmrec');
let recorded: Ran;
beforeAll(async () => {
  recorded = await typing(['a', 'B', '1', '\x1b'], [...RUN, `--record=${typed}`]);
});

describe('a run at whose keyboard somebody types', () => {
  it('is recorded with each key at its instruction', () => {
    expect(recorded.status).toBe(3);
    expect(screenOf(recorded).join('')).toContain('1E');
    const { journal, files, guest, result } = read(typed);
    expect(journal.entries.filter(({ input }) => input.kind === 'device').length).toBeGreaterThan(0);
    expect([files[0]!.path, files.length, guest['image'], guest['memory'], result.status]).toEqual([ticking, 1, ticking, 2 ** 21, 3]);
  });

  it('replays to the same screen, status, instructions and memory, under another engine, tracking and checkpoints', async () => {
    const ran = await cli('replay', typed, ...OTHER);
    expect(ran.stderr).toContain('output, memory and status 3 as recorded');
    expect([ran.status, screenOf(ran)]).toEqual([3, screenOf(recorded)]);
  });

  it('is told of by inspect', async () => {
    const { status, stdout } = await cli('inspect', typed);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/recording of 'tidemark run'.*\nfile .*ticking\.bin, \d+ bytes.*of kind device/s),
    ]);
    const { stdout: data } = await cli('inspect', typed, '--json');
    expect(JSON.parse(data)).toMatchObject({ command: 'run', result: { status: 3 } });
  });

  it('replays while its instructions are traced', async () => {
    const trace = inDirectory('trace');
    const ran = await cli('replay', typed, `--trace=instructions=${trace}`, '--max-instructions=300');
    expect(ran.stderr).toMatch(/the replay was stopped, \d+ inputs and marks before the recording's end/);
    expect([ran.status, readFileSync(trace, 'utf8').split('\n').length]).toEqual([124, 301]);
  });

  it('says where another run parts from it: 70', async () => {
    const recording = read(typed);
    const entries = recording.journal.entries.map((entry) =>
      entry.input.kind === 'device' ? { ...entry, input: { ...entry.input, data: [{ key: 'KeyZ', down: true }] } } : entry,
    );
    const other = inDirectory('other.tmrec');
    write(other, { ...recording, journal: { ...recording.journal, entries } });
    const ran = await cli('replay', other);
    expect(ran.status).toBe(70);
    expect(ran.stderr).toMatch(/other\.tmrec: the replay diverges between tick \d+ \(event \d+\) and tick \d+ \(event \d+\): [^\n]+\n$/);
    write(other, { ...recording, result: { ...recording.result, memory: '0123456789abcdef', retired: '7' } });
    const wrong = await cli('replay', other);
    expect([wrong.status, wrong.stderr]).toEqual([70, expect.stringContaining('differs in the count of instructions, memory\n')]);
  });
});

it('a run that a limit ended is replayed to that very place, its serial output the same', async () => {
  const file = inDirectory('limit.tmrec');
  const guest = ['guests/spin/spin.elf', '--memory=16M'];
  const first = await cli('run', ...guest, '--max-instructions=123457', `--record=${file}`);
  const second = await cli('replay', file, '--engine=interpreter');
  expect([first.status, second.status, second.stdout]).toEqual([124, 124, first.stdout]);
  expect(second.stderr).toMatch(/^tidemark: the recorded run was stopped here, after 123457 instructions\n {2}/m);
  expect(second.stderr).toContain('0 inputs, 123457 instructions');
  const { stderr } = await cli('replay', file, '--json');
  expect(JSON.parse(stderr.split('\n')[0]!)).toMatchObject({ outcome: 'replayed', status: 124, instructions: 123457 });
});

it('a guest that was resumed from a checkpoint is recorded and replayed from there', async () => {
  const checkpoints = inDirectory('checkpoints');
  const file = inDirectory('resumed.tmrec');
  await cli(...RUN, '--max-instructions=60000', `--checkpoint-to=${checkpoints}`, '--checkpoint-every=20000insns');
  const first = await typing(['x', 'y', '\x1b'], ['restore', checkpoints, '--cycle=1', '--screen', `--record=${file}`]);
  const second = await cli('replay', file, '--screen', '--engine=interpreter');
  expect([first.status, second.status, screenOf(second)]).toEqual([3, 3, screenOf(first)]);
  expect(second.stderr).toContain('status 3 as recorded');
});

describe('refused in one line, status 125', () => {
  const refused = async (...argv: string[]): Promise<string> => {
    const { status, stdout, stderr } = await cli('replay', ...argv);
    expect([status, stdout, stderr.split('\n').length]).toEqual([125, '', 2]);
    return stderr;
  };

  it('nothing, two recordings, a file that is not there, and one that is none', async () => {
    expect(await refused()).toMatch(/nothing to replay/);
    expect(await refused('a', 'b')).toMatch(/'b' is a second one/);
    expect(await refused(inDirectory('none'))).toMatch(/no such file/);
    expect(await refused(ticking)).toMatch(/not a Tidemark file/);
  });

  it('damage anywhere', async () => {
    const bytes = readFileSync(typed);
    const path = inDirectory('damaged.tmrec');
    for (const at of [0, 9, 12, 17, 40, bytes.length >>> 1, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x41;
      writeFileSync(path, damaged);
      expect(await refused(path)).toContain(path);
    }
    writeFileSync(path, bytes.subarray(0, -5));
    expect(await refused(path)).toMatch(/truncated/);
  });

  it.each<[string, (recording: Recording) => object, RegExp]>([
    [
      'positions that do not ascend',
      ({ journal }) => ({ journal: { ...journal, end: { ...journal.end, at: { ticks: 0, events: 0 } } } }),
      /journal/,
    ],
    [
      'an input of no kind',
      ({ journal }) => ({ journal: { ...journal, entries: [{ ...journal.start, input: { kind: 'x' } }] } }),
      /journal/,
    ],
    ['options of no guest', ({ guest }) => ({ guest: { ...guest, colour: 'red' } }), /guest\.colour/],
    ['an option of another type', ({ guest }) => ({ guest: { ...guest, memory: 'much' } }), /guest\.memory/],
    ['other memory at the start', () => ({ memory: '0123456789abcdef' }), /does not start with the memory/],
    ['an image that has changed', ({ files }) => ({ files: [{ ...files[0], crc: 1 }] }), /has changed since/],
    ['an image that is gone', () => ({ files: [{ path: '/nowhere', bytes: 1, crc: 1 }] }), /'\/nowhere', which is not there/],
    ['no result', () => ({ result: null }), /result/],
  ])('%s', async (_name, change, message) => {
    const path = inDirectory('changed.tmrec');
    const recording = read(typed);
    write(path, { ...recording, ...change(recording) } as Recording);
    expect(await refused(path)).toMatch(message);
  });
});
