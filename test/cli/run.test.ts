// `tidemark run` within this process: exit statuses, where text goes, limits, reports.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { buildBzImage } from '../support/bzimage-builder.ts';
import { buildElf } from '../support/elf-builder.ts';
import { cli, collectingIo } from './streams.ts';

const guest = (name: string): string => join(GUESTS, name);
const PLAIN = guest('plain64/plain64.elf');
const SPIN = guest('spin/spin.elf');
const TRIPLE = guest('triple-fault/triple-fault.elf');
const DIRTIER = guest('dirtier/dirtier-64.elf');
const DIRTIER_OPTIONS = ['--memory=8M', '--append=pages=48 rate=16 iterations=14 group=1', '--serial=none'];
const dirtier = (...options: string[]) => cli('run', DIRTIER, ...DIRTIER_OPTIONS, ...options);

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-run-'));
});
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string): string => join(root, name);

/** An ELF32 file whose code is `code`, at 1 MiB. */
function code(name: string, ...bytes: number[]): string {
  writeFileSync(at(name), buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes }] }));
  return at(name);
}

/** MOV DX, 0xF4; MOV EAX, value; OUT DX, EAX; CLI; HLT. */
const exitWith = (value: number): string => {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  return code(`exit-${value}`, 0x66, 0xba, 0xf4, 0, 0xb8, ...bytes, 0xef, 0xfa, 0xf4);
};

describe('exit status', () => {
  it('0 when the guest halts; stdout has its serial output and nothing else', async () => {
    const { status, stdout, stderr } = await cli('run', PLAIN, '--append=hello there');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^plain64: hello\n/);
    expect(stdout).toContain('plain64: command line "hello there"\n');
    expect(stdout).toMatch(/plain64: done\n$/);
  });

  it.each([
    [0, 1],
    [1, 3],
    [0x2a, 0x55],
    [0x7f, 255],
    [0x80, 1],
    [0x12345678, 0xf1],
  ])('isa-debug-exit with %i: %i', async (value, expected) => {
    const { status, stdout, stderr } = await cli('run', exitWith(value), '--json', '--serial=none');
    expect({ status, stderr }).toEqual({ status: expected, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'debug-exit', value, status: expected, instructions: 3 });
  });

  it('0 when the guest asks for a reset', async () => {
    const { status, stdout } = await cli('run', code('reset', 0xb0, 0xfe, 0xe6, 0x64, 0xeb, 0xfe), '--json', '--serial=none');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'reset', instructions: 2 });
    const checkpointed = ['--serial=none', '--verify', '--checkpoint-every=1insns', '--tracking=pml'];
    expect(await cli('run', at('reset'), ...checkpointed)).toMatchObject({ status: 0 });
  });

  it('a bzImage with --initrd and --append; a RAM disk that cannot be read or does not fit: 125', async () => {
    // ESI: boot_params. REP OUTSB of the RAM disk to COM1.
    const kernel = [0x8b, 0x8e, 0x1c, 2, 0, 0, 0x8b, 0xb6, 0x18, 2, 0, 0, 0x66, 0xba, 0xf8, 3, 0xf3, 0x6e, 0xfa, 0xf4];
    writeFileSync(at('bzImage'), buildBzImage({ code: kernel, initrdAddrMax: 0x1fffff }));
    writeFileSync(at('rd'), 'from the RAM disk');
    writeFileSync(at('big'), new Uint8Array(2 ** 20));
    const run = (name: string) => cli('run', `--kernel=${at('bzImage')}`, `--initrd=${at(name)}`, '--append=quiet');
    expect(await run('rd')).toEqual({ status: 0, stdout: 'from the RAM disk', stderr: '' });
    expect(await run('big')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^tidemark: initrd '[^']*': 0x100000 bytes do not fit [^\n]*\n$/),
    });
    expect(await cli('run', at('bzImage'), '--enter-all')).toMatchObject({ status: 125, stderr: expect.stringMatching(/boot_params\n$/) });
    expect(await run('none')).toMatchObject({ status: 125, stderr: expect.stringMatching(/^tidemark: initrd '[^']*none': [^\n]*\n$/) });
  });

  it('124 at --max-instructions, exactly, with where that is', async () => {
    const { status, stdout, stderr } = await cli('run', SPIN, '--max-instructions=123456', '--serial=none');
    expect({ status, stdout }).toEqual({ status: 124, stdout: '' });
    expect(stderr).toMatch(/^tidemark: the limit of instructions was reached after 123456\n {2}cause: in a loop /);
  });

  it('124 at --timeout, with where that is', async () => {
    const { status, stdout, stderr } = await cli('run', SPIN, '--timeout=0.05');
    expect({ status, stdout }).toEqual({ status: 124, stdout: 'spin: start\n' });
    expect(stderr).toMatch(/^tidemark: the time limit was reached after \d+ instructions\n {2}cause: in a loop /);
  });

  it('124 at --timeout although the guest sleeps for ever', async () => {
    // The timer masked, MOV AL,0FFH; OUT 21H,AL; then STI; HLT, again and again: nothing but the serial port could wake it.
    const sleeper = code('sleeper', 0xb0, 0xff, 0xe6, 0x21, 0xfb, 0xf4, 0xeb, 0xfd);
    const stdin = new PassThrough();
    const { io, stderr } = collectingIo({}, stdin);
    expect(await main(['run', sleeper, '--timeout=0.05'], io)).toBe(124);
    expect(stderr()).toMatch(/time limit/);
  });

  it('126 after a triple fault, with the exceptions and the registers', async () => {
    const { status, stdout, stderr } = await cli('run', TRIPLE);
    expect({ status, stdout }).toEqual({ status: 126, stdout: 'triple-fault: now\n' });
    const [first] = stderr.split('\n');
    expect(first).toMatch(/^tidemark: triple fault on vCPU 0 after \d+ instructions: /);
    expect(first).toMatch(/#GP\(0x33, of IDT entry 6 #UD\), then .*#GP\(0x43, of IDT entry 8 #DF\)/);
    expect(stderr).toMatch(/^ {2}EIP [0-9a-f]{8} {2}EFLAGS [0-9a-f]{8}$/m);
    for (const name of ['ESP', 'EDI', 'CS', 'GDT', 'IDT', 'CR0', 'CR2', 'CR3']) expect(stderr).toMatch(new RegExp(`\\b${name} `));
    const { stdout: json } = await cli('run', TRIPLE, '--json', '--serial=none');
    const exceptions = expect.arrayContaining([expect.objectContaining({ name: '#GP', errorCode: 0x33 })]);
    expect(JSON.parse(json)).toMatchObject({ outcome: 'triple-fault', status: 126, vcpu: 0, exceptions });
  });
});

describe('bad input: 125, one line, nothing on stdout', () => {
  beforeAll(() => {
    writeFileSync(at('empty'), '');
    writeFileSync(
      at('noise'),
      Uint8Array.from({ length: 3000 }, (_, n) => (n * 73) & 0xff),
    );
    writeFileSync(at('truncated'), readFileSync(PLAIN).subarray(0, 3000));
    writeFileSync(at('header'), readFileSync(PLAIN).subarray(0, 20));
    const segments = [
      { paddr: 0x100000, bytes: [0xf4], memsz: 8192 },
      { paddr: 0x101000, bytes: [0xf4] },
    ];
    writeFileSync(at('overlapping'), buildElf({ width: 64, entry: 0x100000, segments }));
    const high = [
      { paddr: 0x100000, bytes: [0xf4] },
      { paddr: 0x40000000, bytes: [0xf4] },
    ];
    writeFileSync(at('high'), buildElf({ width: 64, entry: 0x100000, segments: high }));
    writeFileSync(
      at('sector'),
      Uint8Array.from({ length: 512 }, (_, n) => (n === 510 ? 0x55 : n === 511 ? 0xaa : 0x90)),
    );
    const huge = new Uint8Array(5761 * 512);
    huge.set([0x55, 0xaa], 510);
    writeFileSync(at('huge'), huge);
    symlinkSync(at('absent'), at('dangling'));
  });

  it.each<[string, string[], RegExp]>([
    ['no such file', ['absent'], /image '.*absent': no such file or directory/],
    ['a dangling link', ['dangling'], /dangling': no such file or directory/],
    ['an empty file', ['empty'], /empty': is empty/],
    ['a directory', ['.'], /is a directory/],
    ['noise', ['noise'], /noise: offset 0x0: not an image that is known/],
    ['a truncated ELF', ['truncated'], /truncated: offset 0x[0-9a-f]+: /],
    ['half an ELF header', ['header'], /header: offset 0x[0-9a-f]+: /],
    ['overlapping segments', ['overlapping'], /overlapping: offset 0x[0-9a-f]+: .*overlaps/],
    ['a segment outside of memory', ['high'], /high: offset 0x[0-9a-f]+: .*does not fit into guest RAM/],
    ['a boot sector with a command line', ['sector', '--append=x'], /sector: --append means nothing to a boot sector/],
    ["a boot sector as every vCPU's entry", ['sector', '--enter-all'], /sector: --enter-all means nothing to a boot sector/],
    ['a disk without a boot sector', ['--disk=noise'], /noise: offset 0x1fe: no boot sector, which would end with 55 aa here/],
    ['a diskette larger than any', ['--floppy=huge'], /huge: 5761 sectors are more than any diskette has/],
    ['a disk beside an image', ['noise', '--disk=sector'], /IMAGE and --disk exclude each other/],
    ['a disk and a diskette', ['--floppy=sector', '--disk=sector'], /--disk and --floppy exclude each other/],
    ['a raw image at an address without memory', ['noise', '--at=0x80000000'], /noise: .*does not fit into guest RAM/],
    ['memory 0', ['noise', '--memory=0M'], /option '--memory': 0M is not between 1M and 3G/],
    ['absurd memory', ['noise', '--memory=99999G'], /option '--memory': 99999G is not between/],
    ['memory without a unit', ['noise', '--memory=64'], /option '--memory': '64' is not a size/],
    ['an unknown option', ['noise', '--colour'], /unknown option '--colour'/],
    ['a missing module', ['noise', '--at=0x1000', '--module=nothing-there'], /module 'nothing-there': no such file or directory/],
    [
      'a trigger beyond the machine',
      ['noise', '--at=0x1000', '--memory=1M', '--dirty-trigger=257'],
      /dirty_trigger 257 is above max_dirty 256/,
    ],
    ['--serial into a missing directory', ['noise', '--at=0x1000', '--serial=file:no/such/place'], /no such file or directory/],
    ['--debugcon into a directory', ['noise', '--at=0x1000', '--debugcon=.'], /directory/],
  ])('%s', async (_name, words, message) => {
    const located = words.map((word) => word.replace(/^(--(?:disk|floppy)=)?(?!--)(.*)$/, (_, option = '', name) => option + at(name)));
    const { status, stdout, stderr } = await cli('run', ...located);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  it('leaves no file behind', async () => {
    await cli('run', at('noise'), '--serial=file:' + at('out'), '--checkpoint-to=' + at('ck'), '--trace=events=' + at('trace'));
    await cli('run', PLAIN, '--serial=file:' + at('out'), '--debugcon=' + at('no/such'));
    expect(readdirSync(root).filter((name) => /^(out|ck|trace)|tmp/.test(name))).toEqual([]);
  });
});

describe('files', () => {
  it('take the serial port and the debug console, replacing what was there whole', async () => {
    // MOV DX, 0x3F8; MOV AL, 'S'; OUT DX, AL; MOV AL, 'D'; OUT 0xE9, AL; CLI; HLT
    const image = code('two', 0x66, 0xba, 0xf8, 3, 0xb0, 0x53, 0xee, 0xb0, 0x44, 0xe6, 0xe9, 0xfa, 0xf4);
    writeFileSync(at('serial'), 'old contents, longer');
    symlinkSync(at('serial'), at('link'));
    const ran = await cli('run', image, `--serial=file:${at('link')}`, `--debugcon=${at('debug')}`);
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(at('serial'), 'latin1')).toBe('S');
    expect(readFileSync(at('debug'), 'latin1')).toBe('D');
  });

  it('hold bytes above 127 as they are, on stdout too', async () => {
    const image = code('bytes', 0x66, 0xba, 0xf8, 3, 0xb0, 0xff, 0xee, 0xb0, 0x00, 0xee, 0xb0, 0x80, 0xee, 0xfa, 0xf4);
    expect((await cli('run', image)).stdout).toBe('\xff\0\x80');
  });

  it('that are none are written to, not replaced', async () => {
    expect((await cli('run', PLAIN, '--serial=file:/dev/null')).status).toBe(0);
    expect(statSync('/dev/null').isFile()).toBe(false);
  });
});

describe('the keyboard', () => {
  /** Waits for a byte at COM1 (MOV DX, 0x3FD; IN AL, DX; TEST AL, 1; JZ), sends it back, and again until it is '.'. */
  const echo = (): string =>
    code('echo', 0x66, 0xba, 0xfd, 3, 0xec, 0xa8, 1, 0x74, 0xfb, 0x66, 0xba, 0xf8, 3, 0xec, 0xee, 0x3c, 0x2e, 0x75, 0xed, 0xfa, 0xf4);

  it('reaches the guest from a pipe', async () => {
    const stdin = new PassThrough();
    const { io, stdout } = collectingIo({}, stdin);
    stdin.write('some text\x01x');
    setTimeout(() => stdin.end('!.'), 30);
    expect(await main(['run', echo(), '--timeout=500'], io)).toBe(0);
    expect(stdout()).toBe('some text\x01x!.');
  });

  it('of a terminal is raw, and Ctrl-A x quits', async () => {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
    const { io, stdout, stderr } = collectingIo({}, stdin);
    stdin.write('a\x03\x01\x01b\x01');
    const echoed = setInterval(() => {
      if (stdout().length === 4) stdin.write('x');
    }, 5);
    expect(await main(['run', echo(), '--timeout=500'], io)).toBe(0);
    clearInterval(echoed);
    expect({ stdout: stdout(), stderr: stderr(), modes }).toEqual({ stdout: 'a\x03\x01b', stderr: '', modes: [true, false] });
  });
});

describe('reports', () => {
  it('--stats says what the machine counted', async () => {
    const { status, stderr } = await dirtier('--stats', '--tracking=write-protect', '--checkpoint-every=200000insns');
    expect(status).toBe(0);
    for (const line of [
      /^cycle 1: limit, 200000 instructions, \d+ dirty pages/m,
      /^checkpoints: 4 cycles kept in memory; base \d+ pages/m,
      /^instructions {2}\d+ in .* MIPS; translator [\d.]+ %, interpreter [\d.]+ %$/m,
      /^exits .*limit 3, hlt 1, eptViolations [1-9]\d*, pmlFull 0$/m,
      /^tlb .* misses/m,
      /^tracking {6}\d+ entries/m,
    ])
      expect(stderr).toMatch(line);
  });

  it('--stats=FILE --json is JSON in the file, and the outcome apart', async () => {
    const { stdout } = await dirtier(`--stats=${at('stats')}`, '--json', '--verify', '--dirty-trigger=24');
    const stats = JSON.parse(readFileSync(at('stats'), 'utf8'));
    const outcome = JSON.parse(stdout);
    expect(outcome).toMatchObject({ outcome: 'halted', status: 0, verified: outcome.checkpoints.cycles, instructions: stats.instructions });
    expect(outcome.checkpoints).toMatchObject({ directory: null, dirtyPages: stats.mt.total.fetched });
    expect(stats.engines.translator + stats.engines.interpreter).toBe(stats.instructions);
    expect(stats).toMatchObject({ exits: { hlt: 1, 'mt-dirty-trigger': outcome.checkpoints.cycles - 1 } });
    expect(stats.mt.verify).toMatchObject({ compared: outcome.checkpoints.cycles });
  });

  it('--verify says what was verified', async () => {
    const { status, stderr } = await dirtier('--verify', '--checkpoint-every=100000insns');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^verified: 8 cycles, every page not reported is byte-identical, every cycle rebuilds$/m);
  });

  it('--max-instructions ends a checkpointed run exactly', async () => {
    const { status, stdout } = await dirtier('--json', '--checkpoint-every=70000insns', '--max-instructions=150001');
    expect(status).toBe(124);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'instruction-limit', instructions: 150_001, checkpoints: { cycles: 3 } });
  });

  it('--trace events: one line each', async () => {
    const { stderr } = await dirtier('--trace=events', '--tracking=write-protect', '--checkpoint-every=400000insns');
    const lines = stderr.split('\n');
    expect(lines).toContain('mt-cycle cpid=1');
    expect(lines.some((line) => /^ept-violation vcpu=0 gpa=0x[0-9a-f]+ qualification=0x[0-9a-f]+$/.test(line))).toBe(true);
    expect(lines).toContain('exit vcpu=0 kind=hlt');
  });

  it('--trace instructions: vCPU, count, address, bytes and text of each; the guest is the same', async () => {
    const { status } = await cli('run', TRIPLE, '--serial=none', `--trace=instructions=${at('instructions')}`);
    expect(status).toBe(126);
    const lines = readFileSync(at('instructions'), 'utf8').trimEnd().split('\n');
    expect(lines[0]).toMatch(/^0 0 [0-9a-f]{8} fa {13}cli$/);
    const instructions = lines.filter((line) => /^0 \d+ [0-9a-f]{8} ([0-9a-f]{2})+ +\S/.test(line));
    const { stdout } = await cli('run', TRIPLE, '--serial=none', '--json');
    expect(instructions.length).toBeGreaterThanOrEqual(JSON.parse(stdout).instructions - 1);
    expect(lines.some((line) => / mov esp, (0x[0-9a-f]+) +; -> esp=\1$/.test(line))).toBe(true);
  });
});
