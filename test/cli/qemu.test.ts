// QEMU's options: what each becomes, what is ignored with a note, and what is refused. Values as QEMU's manual shows them.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commaSeparated } from '../../src/cli/qemu/properties.ts';
import { IGNORED, REFUSED } from '../../src/cli/qemu/options.ts';
import { cli } from './streams.ts';

let root = '';
const at = (...names: string[]): string => join(root, ...names);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-qemu-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const dry = (...argv: string[]) => cli('qemu', '--dry-run', ...argv);

describe('the command line that is the same', () => {
  it.each([
    ['-kernel k', '--kernel=k'],
    ['--kernel k', '--kernel=k'],
    ['-kernel k -append console=ttyS0', '--kernel=k --append=console=ttyS0'],
    ['-kernel k -append -v', '--kernel=k --append=-v'],
    ['-kernel k -initrd rd', '--kernel=k --initrd=rd'],
    ['-kernel k -initrd a,b', '--kernel=k --module=a --module=b'],
    ['-kernel k -initrd a,,b', '--kernel=k --initrd=a,b'],
    ['-kernel k -m 64', '--kernel=k --memory=64M'],
    ['-kernel k -m 1G', '--kernel=k --memory=1G'],
    ['-kernel k -m 1024k', '--kernel=k --memory=1M'],
    ['-kernel k -m size=512,slots=2,maxmem=1G', '--kernel=k --memory=512M'],
    ['-kernel k -smp 1,maxcpus=4', '--kernel=k --cpus=1'],
    ['-kernel k -smp cores=1,sockets=1', '--kernel=k --cpus=1'],
    ['-kernel k -serial stdio -display none', '--kernel=k'],
    ['-kernel k -serial mon:stdio -nographic', '--kernel=k'],
    ['-kernel k -serial file:log', '--kernel=k --serial=file:log'],
    ['-kernel k -serial null', '--kernel=k --serial=none'],
    ['-kernel k -serial none -serial null', '--kernel=k --serial=none'],
    ['-kernel k -serial chardev:c -chardev file,id=c,path=log,append=on', '--kernel=k --serial=file:log'],
    ['-kernel k -chardev stdio,id=c,signal=off -device isa-serial,chardev=c', '--kernel=k'],
    ['-kernel k -debugcon stdio', '--kernel=k --serial=none --debugcon=stdio'],
    ['-kernel k -debugcon file:log', '--kernel=k --debugcon=file:log'],
    ['-kernel k -chardev file,path=log,id=d -device isa-debugcon,iobase=0x402,chardev=d', '--kernel=k --debugcon=file:log'],
    ['-kernel k -device isa-debug-exit,iobase=0xf4,iosize=0x04', '--kernel=k'],
    ['-kernel k -device isa-debug-exit', '--kernel=k --debug-exit=0x501'],
    ['-kernel k -d int', '--kernel=k --trace=events'],
    ['-kernel k -d int,cpu_reset -D log', '--kernel=k --trace=events=log'],
    ['-kernel k -D log -d in_asm,int', '--kernel=k --trace=instructions=log'],
    [
      '-kernel k -d in_asm -dfilter 0x7c00..0x7dff,0x100000+0x200',
      '--kernel=k --trace-filter=0x7c00..0x7dff,0x100000+0x200 --trace=instructions',
    ],
    ['-kernel k -d exec,nochain', '--kernel=k --trace=instructions'],
    ['-kernel k -display curses', '--kernel=k --screen'],
    ['-kernel k -curses', '--kernel=k --screen'],
    ['-kernel k -no-reboot -no-hpet -nodefaults -M pc -monitor none -net none -parallel null', '--kernel=k'],
    ['-hda d -snapshot', '--disk=d'],
    ['-snapshot d', '--disk=d'],
    ['-fda d -boot a -snapshot', '--floppy=d'],
    ['-drive file=d,format=raw,snapshot=on -boot order=c', '--disk=d'],
    ['-drive file=a,,b,format=raw,if=floppy,readonly=on', '--floppy=a,b'],
    ['-bios f -option-rom v', '--bios=f --option-rom=v'],
    ['-kernel k -- --timeout 5 --json', '--kernel=k --timeout 5 --json'],
  ])('%s: run %s', async (options, expected) => {
    expect(await dry(...options.split(' '))).toEqual({ status: 0, stdout: `tidemark run ${expected}\n`, stderr: '' });
  });

  it('is quoted for a shell', async () => {
    const { stdout } = await dry('-kernel', 'my kernel', '-append', "it's $HOME");
    expect(stdout).toBe("tidemark run '--kernel=my kernel' '--append=it'\\''s $HOME'\n");
  });
});

describe('what makes no difference', () => {
  it.each([
    ['-kernel k -accel kvm', '-accel kvm is ignored: guest code is interpreted and translated here, whatever the host has'],
    ['-kernel k -enable-kvm', '-enable-kvm is ignored: guest code is interpreted and translated here, whatever the host has'],
    ['-kernel k -cpu host,+avx', '-cpu host,+avx is ignored: there is one model of processor, of which CPUID tells'],
    ['-kernel k -machine q35,accel=kvm', '-machine q35,accel=kvm is ignored: the machine is a PC without PCI'],
    ['-kernel k -smp 4', '-smp 4: there is no APIC by which a guest could start the other processors'],
    ['-kernel k -d guest_errors', '-d guest_errors is ignored: no trace has that'],
    ['-drive format=raw,file=d', "'d' is not changed: what the guest writes to it lasts as long as the run"],
    ['d', "'d' is not changed: what the guest writes to it lasts as long as the run"],
  ])('%s: one note', async (options, note) => {
    expect(await dry(...options.split(' '))).toMatchObject({ status: 0, stderr: `tidemark: ${note}\n` });
  });

  it.each(Object.entries(IGNORED))('-%s: one note at most, and the run goes on', async (name, { metavar }) => {
    const value = name === 'machine' || name === 'M' ? 'q35' : 'value';
    const { status, stdout, stderr } = await dry('-kernel', 'k', `-${name}`, ...(metavar === null ? [] : [value]));
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'tidemark run --kernel=k\n' });
    expect(stderr).toMatch(
      metavar === null ? /^(tidemark: -[^\n]+\n)?$/ : new RegExp(`^tidemark: -${name} ${value} is ignored: [^\n]+\n$`),
    );
  });
});

describe('what is refused: 125 and one line', () => {
  const refuses = async (argv: readonly string[], text: string) => {
    const stderr = `tidemark: ${text}${text.endsWith('?') ? ' See' : '; see'} 'tidemark qemu --help'\n`;
    expect(await dry(...argv)).toEqual({ status: 125, stdout: '', stderr });
  };

  it.each([
    ['-kernal k', "unknown option '-kernal'; did you mean '-kernel'?"],
    ['-kernel=k', "unknown option '-kernel=k'; did you mean '-kernel'?"],
    ['--timeout 5', "option '--timeout' is of 'tidemark run': give it after '--'"],
    ['--colour', "unknown option '--colour'"],
    ['-kernel', "option '-kernel' needs a value (-kernel F)"],
    ['-m 4G', "option '-m': 4G is not between 1M and 3G"],
    ['-m lots', "option '-m': 'lots' is not a size such as 128 (MiB), 128M or 1G"],
    ['-m 1500b', "option '-m': '1500b' is not a multiple of 1024 bytes"],
    ['-smp 0', "option '-smp': 0 is not 1 or more"],
    ['-smp 99', "option '-smp': 99 is not between 1 and 30"],
    [
      '-smp cpu=2',
      "option '-smp': 'cpu' is not one of cpus, maxcpus, sockets, dies, clusters, modules, cores, threads; did you mean 'cpus'?",
    ],
    ['-serial tcp::4444', "option '-serial': 'tcp::4444' is not stdio, mon:stdio, file:F, null, none or chardev:ID"],
    ['-serial file:', "option '-serial': 'file:' is not stdio, mon:stdio, file:F, null, none or chardev:ID"],
    ['-serial stdio -serial file:x', "option '-serial': 'file:x': the machine has one serial port"],
    ['-serial chardev:c0 -chardev stdio,id=c1', "option '-serial': there is no -chardev with id=c0; did you mean 'c1'?"],
    ['-chardev socket,id=a', "option '-chardev': 'socket' is not stdio, file or null"],
    ['-chardev file,id=a', "option '-chardev': path is missing"],
    ['-chardev stdio', "option '-chardev': id is missing"],
    ['-device e1000', "option '-device': there is no 'e1000': there are isa-debug-exit, isa-debugcon, isa-serial"],
    ['-device isa-debug-exit,iobase=x', "option '-device': 'x' is not a whole number"],
    [
      '-device isa-debugexit',
      "option '-device': there is no 'isa-debugexit': there are isa-debug-exit, isa-debugcon, isa-serial; did you mean 'isa-debug-exit'?",
    ],
    ['-device isa-debugcon,iobase=0x80,chardev=c', "option '-device': iobase=0x80: the debug console is at 0xe9 and 0x402"],
    ['-drive file=d,format=qcow2', "option '-drive': format=qcow2: images are raw; 'qemu-img convert -O raw' makes one of them"],
    ['-drive file=d,media=cdrom', "option '-drive': media=cdrom: there is no CD-ROM"],
    ['-drive file=d,if=pflash', "option '-drive': if=pflash: a drive is a disk or, with if=floppy, a diskette"],
    ['-drive format=raw', "option '-drive': file is missing"],
    ['-hda a -fda b', "option '-fda': 'b': the machine has one disk or diskette, which is 'a'"],
    ['-kernel k -hda a', "option '-hda': beside -kernel there is no disk"],
    ['-display gtk', "option '-display': 'gtk': there is no window; curses shows the text screen in the terminal"],
    ['-M virt', "option '-M': there is no machine 'virt': there is a PC"],
    ['-boot d', "option '-boot': 'd': the machine boots from its disk (c) or its diskette (a)"],
  ])('%s', (options, text) => refuses(options.split(' '), text));

  it('-d with an item that is not known', async () => {
    const { status, stderr } = await dry('-d', 'int,inn_asm');
    expect(status).toBe(125);
    expect(stderr).toMatch(/^tidemark: option '-d': 'inn_asm' is not one of in_asm, [^\n]*; did you mean 'in_asm'\? See [^\n]*\n$/);
  });

  it('a module with arguments', () =>
    refuses(['-initrd', 'a,b c'], "option '-initrd': 'b c': a module's name is that of its file, without arguments"));

  it.each(Object.entries(REFUSED))('-%s', async (name, { metavar, help }) => {
    await refuses([`-${name}`, ...(metavar === null ? [] : ['value'])], `option '-${name}': ${help}`);
  });
});

describe('a run', () => {
  const image = (name: string, ...bytes: readonly number[]): string => {
    // A multiboot kernel: magic, the flag of addresses, checksum; header, load, load end, bss end and entry.
    const header = [0x1badb002, 0x10000, (-0x1badb002 - 0x10000) >>> 0, 0x100000, 0x100000, 0, 0, 0x100020];
    const words = new Uint8Array(Uint32Array.from(header).buffer);
    writeFileSync(at(name), Uint8Array.from([...words, ...bytes]));
    return at(name);
  };

  it("ends with isa-debug-exit's status at the port that QEMU has it", async () => {
    // MOV DX, 501H; MOV AL, 3; OUT DX, AL; CLI; HLT
    const kernel = image('exits', 0x66, 0xba, 1, 5, 0xb0, 3, 0xee, 0xfa, 0xf4);
    expect(await cli('qemu', '-kernel', kernel, '-device', 'isa-debug-exit')).toEqual({ status: 7, stdout: '', stderr: '' });
    expect(await cli('qemu', '-kernel', kernel)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await cli('run', kernel, '--debug-exit=0xf4')).toEqual({ status: 0, stdout: '', stderr: '' });
    const line = 'tidemark: mapping of debug-exit@0x3f8 at 0x3f8 overlaps that of uart\n';
    expect(await cli('run', kernel, '--debug-exit=0x3f8')).toEqual({ status: 125, stdout: '', stderr: line });
  });

  it('is resumed and replayed with that port', async () => {
    // Loops 256 times, then as above.
    const kernel = image('later', 0xb9, 0, 1, 0, 0, 0xe2, 0xfe, 0x66, 0xba, 1, 5, 0xb0, 3, 0xee, 0xfa, 0xf4);
    const kept = ['--', '--checkpoint-every=100insns', `--checkpoint-to=${at('ck')}`, `--record=${at('rec')}`, '--json'];
    expect((await cli('qemu', '-kernel', kernel, '-device', 'isa-debug-exit', ...kept)).status).toBe(7);
    expect(readdirSync(at('ck')).length).toBeGreaterThan(3);
    expect((await cli('restore', at('ck'), '--cycle=1')).status).toBe(7);
    expect((await cli('replay', at('rec'))).status).toBe(7);
  });

  it('has the debug console on stdout, and notes on stderr', async () => {
    // MOV AL, 'D'; OUT 0E9H, AL; CLI; HLT
    const kernel = image('says', 0xb0, 0x44, 0xe6, 0xe9, 0xfa, 0xf4);
    const ran = await cli('qemu', '-kernel', kernel, '-debugcon', 'stdio', '-enable-kvm', '-display', 'none');
    expect(ran).toMatchObject({ status: 0, stdout: 'D', stderr: expect.stringMatching(/^tidemark: -enable-kvm is ignored: [^\n]+\n$/) });
    await cli('qemu', '-kernel', kernel, '-debugcon', `file:${at('log')}`);
    expect(readFileSync(at('log'), 'utf8')).toBe('D');
  });

  it('that nothing is given for says what run says', async () => {
    const { status, stderr } = await cli('qemu');
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: "tidemark: nothing to run: give an IMAGE, --kernel, --disk, --floppy or --bios; see 'tidemark run --help'\n",
    });
  });
});

describe('properties', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['a,,b', ['a,b']],
    ['a,,,b', ['a,', 'b']],
    ['a,,,,b', ['a,,b']],
    ['', ['']],
    ['a,', ['a', '']],
  ])('%s', (text, parts) => expect(commaSeparated(text)).toEqual(parts));
});
