import { describe, expect, it } from 'vitest';
import { demo, SMALL, testIo, unfolded } from './support.ts';

/** Replaces what is measured by the host's clock. */
const timeless = (text: string): string => text.replaceAll(/ +\d+\.\d ms$/gm, ' … ms').replaceAll(/\d+\.\d s\b/g, '… s');

describe('without a terminal', () => {
  it.each(['pml', 'write-protect'])('%s: console on stdout, a line a cycle on stderr, what was verified on the last', async (tracking) => {
    const { io, stdout, stderr } = testIo();
    expect(await demo(io, ...SMALL, `--tracking=${tracking}`)).toBe(0);
    expect(stdout()).toMatch(/^dirtier: start\ndirtier: 1-8 sequential writes=512\ndirtier: 9-16 random writes=512\n/);
    expect(stdout()).toMatch(/\ndirtier: iterations=16 writes=1024 checksum=\w+\n$/);
    const text = stderr();
    expect(text).not.toContain('\x1b');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const cycles = text.match(/^ +\d+ .* ms$/gm)!;
    expect(cycles.length).toBeGreaterThan(10);
    const [titles, first] =
      tracking === 'pml'
        ? [/^cycle pages written +log at its fullest +ended by +pause$/m, / +1 +40 +40 of 512 +trigger +\d+\.\d ms/]
        : [/^cycle pages written +write faults +ended by +pause$/m, / +1 +40 +40 +trigger +\d+\.\d ms/];
    expect(text).toMatch(titles);
    expect(cycles[0]).toMatch(first);
    expect(cycles.at(-1)).toMatch(/ hlt /);
    const n = cycles.length;
    expect(unfolded(text).at(-1)).toBe(
      `verified: ${n} comparisons of 2,048 pages: every page not reported was byte-identical, every page reported was written; ` +
        `every cycle rebuilds: ${n} of ${n} hashes equal`,
    );
  });

  it('a log that filled up was full once, and its fullest is all of it, not what the cycle counted', async () => {
    const { io, stderr } = testIo();
    expect(await demo(io, '--memory=16M', '--pages=1024', '--dirty-trigger=700')).toBe(0);
    expect(stderr()).toMatch(/^ +1 +700 +512 of 512, full 1x +trigger +\d+\.\d ms$/m);
  });

  it('--timings: microseconds of each step, in 80 columns', async () => {
    const { io, stderr } = testIo();
    expect(await demo(io, ...SMALL, '--timings')).toBe(0);
    expect(stderr()).toMatch(/^cpid dirty exits +ended prepare +run quiesce fetch copy +hash store rearm$/m);
    expect(stderr()).toMatch(/^ +1 +40 +0 +trigger( +\d+){8}$/m);
    for (const line of stderr().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('two runs differ in their times alone', async () => {
    const [one, other] = [testIo(), testIo()];
    await demo(one.io, ...SMALL);
    await demo(other.io, ...SMALL);
    expect(timeless(one.stderr())).toBe(timeless(other.stderr()));
    expect(timeless(one.stderr())).toMatch(/^ +1 +40 +40 of 512 +trigger … ms$/m);
    expect(one.stdout()).toBe(other.stdout());
  });

  it('--json: a line for each cycle and one for the end, on stdout', async () => {
    const { io, stdout, stderr } = testIo();
    expect(await demo(io, ...SMALL, '--json')).toBe(0);
    expect(stderr()).toBe('');
    const lines = stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const cycles = lines.slice(0, -1);
    expect(cycles[0]).toMatchObject({ cycle: 1, exit: 'mt-dirty-trigger', dirty: 40, copied: 40, pmlFullest: 40, pmlFullExits: 0 });
    expect(cycles[0]).toMatchObject({ serial: 'dirtier: start\n' });
    expect(cycles[0]!['gfns'] as number[]).toHaveLength(40);
    expect(cycles.map(({ cycle }) => cycle)).toEqual(cycles.map((_, n) => n + 1));
    // The proof takes the comparisons and the hashes, of every cycle.
    const microseconds = cycles.map((cycle) => cycle['microseconds'] as Record<string, number>);
    expect(microseconds.every(({ hash }) => hash! > 0)).toBe(true);
    const proof = microseconds.reduce((sum, { quiesce, hash }) => sum + quiesce! + hash!, 0);
    expect(lines.at(-1)!['proofMilliseconds']).toBeGreaterThanOrEqual(Math.floor(proof / 1000));
    const { length } = cycles;
    expect(lines.at(-1)).toMatchObject({
      end: 'guest',
      exit: 'hlt',
      cycles: length,
      compared: length,
      rebuilt: { checked: length, wrong: [] },
      failure: null,
      lostWrite: null,
    });
  });
});

const LOST = /^tidemark: lost write: page (\d+) \(0x([0-9a-f]+)\) changed in cycle (\d+) and was not reported; byte \d+ was \w+, is \w+$/;

describe('--inject lost-write', () => {
  it.each(['pml', 'write-protect'])('%s: status 1, and a last line that names page, cycle and byte', async (tracking) => {
    const { io, stderr } = testIo();
    expect(await demo(io, ...SMALL, '--inject=lost-write', `--tracking=${tracking}`)).toBe(1);
    const lines = unfolded(stderr());
    const match = LOST.exec(lines.at(-1)!);
    expect(match).not.toBeNull();
    const gfn = Number(match![1]);
    const cycle = Number(match![3]);
    expect(gfn).toBe(parseInt(match![2]!, 16));
    expect(gfn).toBeGreaterThanOrEqual(0x500);
    expect(gfn).toBeLessThan(0x640);
    // The cycles before it were shown and hold.
    expect(stderr().match(/^ +\d+ .* ms$/gm) ?? []).toHaveLength(cycle - 1);
    expect(lines.at(-2)).toBe(`until then, ${cycle - 1} comparisons of 2,048 pages: every page not reported was byte-identical`);
  });

  it('--json: the same in the last object', async () => {
    const { io, stdout, stderr } = testIo();
    expect(await demo(io, ...SMALL, '--inject=lost-write', '--json')).toBe(1);
    const end = JSON.parse(stdout().trimEnd().split('\n').at(-1)!) as { end: string; lostWrite: { gfn: number; cycle: string } };
    expect(end).toMatchObject({ end: 'failed', lostWrite: { gfn: expect.any(Number), cycle: expect.stringMatching(/^\d+$/) } });
    expect(unfolded(stderr()).join('\n')).toMatch(
      new RegExp(`^tidemark: lost write: page ${end.lostWrite.gfn} .* in cycle ${end.lostWrite.cycle} .*$`),
    );
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: a summary of what was verified, status %i', async (name, status) => {
    const { io, stderr, watch, signal, listeners } = testIo();
    watch((text) => {
      if (/^ +4 /m.test(text)) signal(name);
    });
    expect(await demo(io, ...SMALL)).toBe(status);
    const cycles = stderr().match(/^ +\d+ .*$/gm)!.length;
    expect(cycles).toBeLessThan(8);
    expect(stderr()).toMatch(new RegExp(`interrupted after ${cycles} cycles: [^]*\\nverified: ${cycles} comparisons of [^]*\\n$`));
    expect(listeners()).toBe(0);
  });

  it('that comes before the first cycle leaves nothing verified', async () => {
    const { io, stderr, signal } = testIo();
    const status = demo(io, ...SMALL);
    signal('SIGINT');
    signal('SIGINT');
    expect(await status).toBe(130);
    expect(stderr()).toMatch(/^interrupted after 0 cycles: [^]*\nnothing was verified\n$/);
  });
});
