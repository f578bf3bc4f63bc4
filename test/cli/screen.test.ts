// --screen of `tidemark run` and `restore`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import { AT, screenGuest } from './screen-guest.ts';
import { collectingIo } from './streams.ts';

const directory = mkdtempSync(join(tmpdir(), 'tidemark-screen-'));
afterAll(() => rmSync(directory, { recursive: true }));
const image = join(directory, 'guest.bin');
const ticking = join(directory, 'ticking.bin');
writeFileSync(image, screenGuest());
writeFileSync(ticking, screenGuest({ hz: 100 }));

const run = (path: string, ...more: string[]): string[] => ['run', path, `--at=0x${AT.toString(16)}`, '--memory=2M', '--screen', ...more];

/** Runs with `text` typed into a pipe. */
async function piped(text: string, argv: readonly string[]) {
  const stdin = new PassThrough();
  stdin.end(text);
  const { io, stdout, stderr } = collectingIo({}, stdin);
  const status = await main(argv, io);
  return { status, stdout: stdout(), stderr: stderr() };
}

describe('where stderr is no terminal', () => {
  it('the last screen is written once, as text', async () => {
    const { status, stdout, stderr } = await piped('', run(image));
    expect(stderr).toBe('Hello, screen\n');
    expect([status, stdout]).toEqual([0, '']);
  });

  it('what stdin holds is typed at the PC keyboard', async () => {
    const { status, stderr } = await piped('aA\t1\x1b', run(image));
    expect(stderr).toBe('Hello, screen\n\n1E2A1E0F02\n');
    expect(status).toBe(3);
  });

  it('more than the keyboard has room for is typed little by little', async () => {
    const { stderr } = await piped('x'.repeat(100), run(image));
    expect(stderr.replaceAll('\n', '').slice('Hello, screen'.length)).toBe('2D'.repeat(100));
  });

  it('the screen comes before what is said of the end', async () => {
    const { status, stderr } = await piped('', run(ticking, '--max-instructions=20000'));
    expect(status).toBe(124);
    expect(stderr).toMatch(/^Hello, screen\ntidemark: the limit of instructions was reached after 20000\n/);
  });

  it('a boot sector hears it by INT 16H and answers by INT 10H', async () => {
    // XOR AX,AX; INT 16H; CMP AL,27; JE end; MOV AH,0EH; INT 10H; JMP to the start; end: MOV AL,1; OUT F4H,AL.
    const code = [0x31, 0xc0, 0xcd, 0x16, 0x3c, 27, 0x74, 6, 0xb4, 0x0e, 0xcd, 0x10, 0xeb, 0xf2, 0xb0, 1, 0xe6, 0xf4];
    const disk = join(directory, 'disk');
    writeFileSync(disk, Uint8Array.from([...code, ...Array<number>(510 - code.length).fill(0), 0x55, 0xaa]));
    const { status, stderr } = await piped('Hello, "World" {1+2=3}\x1b', ['run', disk, '--memory=2M', '--screen']);
    expect([status, stderr]).toEqual([3, 'Hello, "World" {1+2=3}\n']);
  });

  it('at a restore too', async () => {
    const to = join(directory, 'checkpoints');
    expect((await piped('ab', run(image, `--checkpoint-to=${to}`, '--checkpoint-every=1000insns'))).status).toBe(0);
    const { status, stderr } = await piped('c\x1b', ['restore', to, '--screen']);
    expect(stderr.startsWith('Hello, screen\n\n1E302E\n')).toBe(true);
    expect(status).toBe(3);
  });
});

/** A terminal for stdin and stderr: what is typed at it, and what it is told. */
function terminal(env: CliIo['env'] = {}) {
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  const { io, stdout, stderr } = collectingIo(env, stdin);
  Object.assign(io.stderr, { isTTY: true, columns: 80, rows: 25 });
  return { io, stdin, raw, stdout, shown: stderr };
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition())
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
};

describe('on a terminal', () => {
  it('the screen is drawn live, keys wake the guest, and the terminal is given back', async () => {
    const t = terminal();
    const status = main(run(ticking), t.io);
    await until(() => t.shown().includes('Hello, screen'));
    t.stdin.write('\x1b[A');
    await until(() => t.shown().includes('48'));
    t.stdin.write('\x1b');
    expect(await status).toBe(3);
    const text = t.shown();
    expect(text.startsWith('\x1b[?1049h')).toBe(true);
    expect(text).toContain('\x1b[1;1H\x1b[0;93;44mHello, screen\x1b[0;37;40m ');
    expect(text).toContain('\x1b[?1049l\x1b[?25h');
    expect(text.slice(text.indexOf('\x1b[?1049l'))).toMatch(/^\x1b\[\?1049l\x1b\[\?25hHello, screen\n\n48\n$/);
    expect(t.raw).toEqual([true, false]);
  });

  it('Ctrl-A x quits, without colours if they are not wanted', async () => {
    const t = terminal({ NO_COLOR: '1' });
    const status = main(run(image), t.io);
    await until(() => t.shown().includes('Hello, screen'));
    t.stdin.write('\x01x');
    expect(await status).toBe(0);
    expect(t.shown()).not.toContain('\x1b[0;93');
    expect(t.raw).toEqual([true, false]);
  });

  it('a guest that waits for a key sleeps by the wall clock', async () => {
    const t = terminal();
    const status = main(run(ticking, '--timeout=0.3', '--json', '--serial=none', '--stats'), t.io);
    expect(await status).toBe(124);
    const { instructions } = JSON.parse(t.stdout()) as { instructions: number };
    // 100 interrupts a second of 7 instructions each; a clock that ran away would give thousands of seconds.
    expect(instructions).toBeLessThan(1_000_000);
    expect(t.shown()).toContain('\x1b[?1049l');
  });
});
