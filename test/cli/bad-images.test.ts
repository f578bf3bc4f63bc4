// Images that cannot be booted, as a user meets them: status 125, one line that names the file and the place, nothing on stdout.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BzField, buildBzImage } from '../support/bzimage-builder.ts';
import { buildElf, multiboot2Header, multibootHeader } from '../support/elf-builder.ts';
import { cli } from './streams.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-bad-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const MIB = 0x100000;
const TOP = 0xfffff000;
const HLT = [0xfa, 0xf4];

const kernel = buildBzImage({ code: Array<number>(4096).fill(0x90), initSize: 0x10000 });
/** The kernel with a little-endian field of `bytes` bytes replaced. */
function damaged(offset: number, bytes: number, value: number): Uint8Array {
  const file = kernel.slice();
  for (let n = 0; n < bytes; n++) file[offset + n] = Math.floor(value / 2 ** (8 * n)) & 0xff;
  return file;
}
const cut = (length: number): Uint8Array => kernel.slice(0, length);
const multiboot = (...addresses: number[]): Uint8Array => Uint8Array.from([...multibootHeader(0x10000, ...addresses), ...HLT]);
const multiboot2 = (addresses: readonly [number, number, number, number], entry: number): Uint8Array =>
  Uint8Array.from([...multiboot2Header([2, 0, ...addresses], [3, 0, entry]), ...HLT]);
const elf = (paddr: number, memsz?: number, entry = paddr): Uint8Array =>
  buildElf({ width: 32, entry, segments: [{ paddr, bytes: HLT, ...(memsz === undefined ? {} : { memsz }) }] });

const BZIMAGE: readonly [string, Uint8Array, RegExp][] = [
  ['within the boot sector', cut(0x1ff), /not an image that is known/],
  ['within the version', cut(0x207), /the file ends \(at 0x207\) inside the setup header/],
  ['within the load flags', cut(0x211), /the file ends \(at 0x211\) inside the setup header/],
  ['within init_size', cut(0x263), /the file ends (before|\(at 0x263\))/],
  ['before the kernel', cut(1024), /the file ends before the protected-mode kernel at 0x400/],
  ['one byte after the kernel begins', cut(1025), /the file ends inside the protected-mode kernel: 0x1 bytes of the 0x1000/],
  ['a paragraph before its end', cut(1024 + 4080), /the file ends inside the protected-mode kernel: 0xff0 bytes of the 0x1000/],
  ['setup_sects beyond the file', damaged(BzField.setupSects, 1, 255), /before the protected-mode kernel at 0x20000/],
  ['setup_sects that leaves too little', damaged(BzField.setupSects, 1, 2), /inside the protected-mode kernel: 0xe00 bytes of the 0x1000/],
  ['syssize beyond the file', damaged(BzField.syssize, 4, 0xffffffff), /inside the protected-mode kernel: 0x1000 bytes of the 0xffffffff0/],
  ['boot_flag', damaged(BzField.bootFlag, 2, 0x55aa), /offset 0x1fe: boot_flag is 0x55aa/],
  ['version 1.00', damaged(BzField.version, 2, 0x100), /offset 0x206: boot protocol 1\.00 is too old/],
  ['version 0', damaged(BzField.version, 2, 0), /offset 0x206: boot protocol 0\.00 is too old/],
  ['LOADED_HIGH clear', damaged(BzField.loadflags, 1, 0x80), /offset 0x211: LOADED_HIGH is clear/],
  ['pref_address below 1 MiB', damaged(BzField.prefAddress, 8, 0x1000), /offset 0x258: pref_address 0x1000 /],
  ['pref_address beyond 4 GiB', damaged(BzField.prefAddress, 8, 2 ** 52), /offset 0x258: pref_address 0x10000000000000 /],
  ['pref_address beyond RAM', damaged(BzField.prefAddress, 8, 0x40000000), /does not fit into guest RAM/],
  ['init_size beyond RAM', damaged(BzField.initSize, 4, 0x7fffffff), /does not fit into guest RAM/],
  ['init_size beyond 4 GiB', damaged(BzField.initSize, 4, 0xffffffff), /offset 0x258: pref_address 0x100000 with init_size 0xffffffff /],
  [
    'the payload beyond the kernel',
    damaged(BzField.payloadOffset, 8, 0x8_00002000),
    /offset 0x248: the payload at 0x2000, 0x8 bytes, lies beyond the end/,
  ],
  [
    "the payload's length",
    damaged(BzField.payloadLength, 4, 0xffffffff),
    /offset 0x248: the payload at 0x0, 0xffffffff bytes, lies beyond/,
  ],
];

const ADDRESSES: readonly [string, Uint8Array, RegExp][] = [
  ['multiboot: above RAM', multiboot(0x40000000, 0x40000000, 0, 0, 0x40000000), /image at 0x40000000.* does not fit into guest RAM/],
  ['multiboot: over the end of 4 GiB', multiboot(TOP, TOP, 0, 0xffffffff, TOP), /does not fit into guest RAM/],
  ['multiboot: end before start', multiboot(MIB, MIB, MIB - 1, 0, MIB), /load_end_addr 0xfffff is below load_addr/],
  ['multiboot: bss over all memory', multiboot(MIB, MIB, 0, 0xffffffff, MIB), /does not fit into guest RAM/],
  ['multiboot: bss end before load end', multiboot(MIB, MIB, 0, MIB + 1, MIB), /bss_end_addr 0x100001 is below/],
  ['multiboot: entry outside', multiboot(MIB, MIB, 0, 0, 0xffffffff), /entry_addr 0xffffffff lies outside the image/],
  ['multiboot 2: above RAM', multiboot2([0x40000000, 0x40000000, 0, 0], 0x40000000), /does not fit into guest RAM/],
  ['multiboot 2: over the end of 4 GiB', multiboot2([TOP, TOP, 0, 0xffffffff], TOP), /does not fit into guest RAM/],
  ['multiboot 2: end before start', multiboot2([MIB, MIB, 1, 0], MIB), /load_end_addr 0x1 is below load_addr/],
  ['multiboot 2: bss end before load end', multiboot2([MIB, MIB, 0, 1], MIB), /bss_end_addr 0x1 is below/],
  ['multiboot 2: entry outside', multiboot2([MIB, MIB, 0, 0], 0), /entry_addr 0x0 lies outside the image/],
  ['ELF: above RAM', elf(0x40000000), /does not fit into guest RAM/],
  ['ELF: over the end of 4 GiB', elf(TOP, 0x2000), /offset 0x[0-9a-f]+: /],
  ['ELF: bss over all memory', elf(MIB, 0xffffffff), /offset 0x[0-9a-f]+: /],
  ['ELF: bss smaller than what is loaded', elf(MIB, 1), /offset 0x[0-9a-f]+: /],
  ['ELF: entry outside', elf(MIB, undefined, 0xdead0000), /entry point 0xdead0000/],
];

let files = 0;
function file(bytes: Uint8Array): string {
  const name = join(root, `image-${files++}`);
  writeFileSync(name, bytes);
  return name;
}

async function refused(bytes: Uint8Array, message: RegExp, ...options: string[]): Promise<void> {
  const { status, stdout, stderr } = await cli('run', file(bytes), '--memory=16M', ...options);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
  expect(stderr).toMatch(message);
}

describe('a bzImage', () => {
  it.each(BZIMAGE)('%s', (_name, bytes, message) => refused(bytes, message));

  it('and what it is for fit', async () => {
    expect((await cli('run', file(buildBzImage({ code: HLT })), '--memory=16M')).status).toBe(0);
  });

  it('an initial RAM disk that does not fit', async () => {
    const initrd = file(new Uint8Array(15 * MIB));
    await refused(buildBzImage({ code: HLT }), /initrd '.*image-\d+': 0xf00000 bytes do not fit/, `--initrd=${initrd}`);
    const small = file(new Uint8Array(1));
    await refused(buildBzImage({ code: HLT, initrdAddrMax: 0xfffff }), /bytes do not fit .* to 0xfffff /, `--initrd=${small}`);
  });
});

describe('addresses that cannot be', () => {
  it.each(ADDRESSES)('%s', (_name, bytes, message) => refused(bytes, message));

  it.each([
    ['multiboot', multiboot(MIB, MIB, 0, 0, MIB)],
    ['multiboot 2', multiboot2([MIB, MIB, 0, 0], MIB)],
    ['ELF', elf(MIB)],
  ] as const)('%s: modules that do not fit', async (_kind, bytes) => {
    const modules = [8 * MIB, 8 * MIB].map((size) => `--module=${file(new Uint8Array(size))}`);
    await refused(bytes, /no room in guest RAM below 4 GiB for module .*image-\d+, 0x800000 bytes/, ...modules);
  });
});
