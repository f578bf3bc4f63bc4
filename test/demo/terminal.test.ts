import { describe, expect, it } from 'vitest';
import { TerminalView } from '../../src/cli/demo/terminal-view.ts';
import { demo, SMALL, testIo } from './support.ts';
import { Screen } from './screen.ts';

const SHORT = ['--memory=8M', '--pages=64', '--iterations=2', '--dirty-trigger=24'];
const SGR = /\x1b\[[\d;]*m/g;

describe('on a terminal', () => {
  it.each([
    [80, 24],
    [200, 50],
    [40, 12],
    [20, 6],
    [300, 9],
  ])('%ix%i: the frame stays on the screen, below the lines', async (columns, rows) => {
    const { io, stderr } = testIo({ terminal: { columns, rows }, env: { TERM: 'xterm' } });
    expect(await demo(io, ...SHORT)).toBe(0);
    const screen = new Screen(columns, rows);
    // Up to the summary: as it was while the demo ran.
    screen.write(stderr().slice(0, stderr().indexOf('\x1b[?25h')));
    expect(screen.errors).toEqual([]);
    const frames = screen.lines.filter((line) => line.startsWith('0x00000000'));
    expect(frames).toHaveLength(1);
    expect(screen.hiddenCursor).toBe(true);
    if (rows >= 12) expect(screen.lines.join('\n')).toMatch(/\n# dirty in this cycle[^]*\ncycle \d+ \| /);
    screen.write(stderr().slice(stderr().indexOf('\x1b[?25h')));
    expect(screen.hiddenCursor).toBe(false);
  });

  it("keeps every cycle and the guest's lines for scrolling back", async () => {
    const { io, stderr, stdout } = testIo({ terminal: { columns: 80, rows: 24 }, env: { TERM: 'xterm' } });
    await demo(io, ...SHORT);
    const screen = new Screen(80, 24);
    screen.write(stderr());
    const all = [...screen.scrolledOff, ...screen.lines];
    const cycles = all.filter((line) => /^ +\d+ +\d+ .* ms *$/.test(line)).map((line) => Number(line.trim().split(' ')[0]));
    expect(cycles.length).toBeGreaterThan(3);
    expect(cycles).toEqual(cycles.map((_, n) => n + 1));
    expect(all).toContain('guest: dirtier: start');
    expect(all.filter((line) => line.startsWith('guest: dirtier: 1-2 sequential'))).toHaveLength(1);
    expect(stdout()).toBe('');
    expect(all.join(' ')).toMatch(
      /verified: \d+ comparisons of 2,048 pages: every page not reported was byte-identical, every page reported was written/,
    );
  });

  it('has colours, and the same text without them under NO_COLOR', async () => {
    const terminal = { columns: 80, rows: 24 };
    const plain = testIo({ terminal, env: { NO_COLOR: '1' } });
    const coloured = testIo({ terminal });
    await demo(plain.io, ...SHORT);
    await demo(coloured.io, ...SHORT);
    expect(coloured.stderr()).toMatch(SGR);
    expect(plain.stderr()).not.toMatch(SGR);
    const map = (text: string): string[] => text.replaceAll(SGR, '').match(/^0x[^\x1b]*/gm)!;
    expect(map(plain.stderr())).toEqual(map(coloured.stderr()));
  });

  it('that cannot move its cursor gets lines', async () => {
    const { io, stderr } = testIo({ terminal: { columns: 80, rows: 24 }, env: { TERM: 'dumb' } });
    await demo(io, ...SHORT);
    expect(stderr()).not.toContain('\x1b');
  });

  it('draws anew when it is resized', async () => {
    const { io, stderr, terminal, watch } = testIo({ terminal: { columns: 80, rows: 24 }, env: { NO_COLOR: '1' } });
    let resized = -1;
    watch((text) => {
      if (resized >= 0 || !text.includes('cycle 2 |')) return;
      resized = 0;
      setImmediate(() => {
        resized = stderr().length;
        Object.assign(terminal, { columns: 50, rows: 16 });
        terminal.emit('resize');
      });
    });
    await demo(io, ...SHORT);
    const after = stderr().slice(resized);
    expect(after.startsWith('\x1b[2J\x1b[H')).toBe(true);
    const screen = new Screen(50, 16);
    screen.write(after.slice(0, after.indexOf('\x1b[?25h')));
    expect(screen.errors).toEqual([]);
    expect(screen.lines.filter((line) => line.startsWith('0x00000000'))).toHaveLength(1);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('gives the cursor back when the process ends by an error', () => {
    const { io, stderr } = testIo({ terminal: { columns: 80, rows: 24 } });
    const before = process.listenerCount('exit');
    const view = new TerminalView(io);
    expect(process.listenerCount('exit')).toBe(before);
    view.close();
    expect(stderr()).toBe('');
  });

  it('is not fooled by what the guest prints', async () => {
    const { io, stderr } = testIo({ terminal: { columns: 80, rows: 24 }, env: { NO_COLOR: '1' } });
    await new TerminalView(io).show({ kind: 'serial', bytes: Buffer.from('a\x1b[2Jb\x07\r\nrest') });
    expect(stderr()).toBe('guest: a?[2Jb?\n');
  });

  it('leaves the console to stdout when that is a file', async () => {
    const { io, stdout, stderr } = testIo({ terminal: { columns: 80, rows: 24 } });
    Object.assign(io.stdout, { isTTY: false });
    await demo(io, ...SMALL.slice(0, 2), '--iterations=2');
    expect(stdout()).toMatch(/^dirtier: start\n/);
    expect(stderr()).not.toContain('dirtier: start');
  });
});
