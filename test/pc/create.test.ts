// A PC in one call: what starts, what does not go together, and how it shows.

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { InputError } from '../../src/base/errors.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { GUESTS } from '../guests/catalog.ts';
import { MIB, echo, say } from './guests.ts';

const bytesOf = (path: string): Uint8Array => readFileSync(new URL(path, GUESTS));

describe('createPc', () => {
  it('loads a kernel with what belongs to it', () => {
    const pc = createPc({ image: { name: 'dirtier', bytes: bytesOf('dirtier/dirtier-64.elf') }, append: 'pages=4 iterations=1' });
    expect(pc.loaded?.kind).toBe('elf64');
    expect(pc.vm.runSlice().exit.kind).toBe('hlt');
    expect(pc.output).toContain('dirtier: iterations=1');
  });

  it('takes bytes without a name, and gives 128 MiB', () => {
    const pc = createPc({ image: bytesOf('plain32/plain32.elf') });
    expect([pc.vm.config.memory, pc.vm.runSlice().exit.kind]).toEqual([128 * MIB, 'hlt']);
  });

  it('boots an image with a boot sector', async () => {
    const pc = createPc({ memory: MIB, image: bytesOf('boot-hello/boot-hello.img') });
    expect(pc.loaded).toBeNull();
    const { reason } = await pc.runUntil({ screen: /\S/, limit: 10_000_000 });
    expect([reason, screenLines(textScreen(pc)!).join('')]).toEqual(['screen', expect.stringMatching(/\S/)]);
  });

  it('is what loading by hand gives', () => {
    const image = bytesOf('kernel32/kernel32.elf');
    const whole = createPc({ memory: 16 * MIB, image, append: 'hz=1000' });
    const { vm } = createPc({ memory: 16 * MIB });
    loadImage('image', image, bootTarget(vm), { append: 'hz=1000' });
    expect(hashMemory(whole.vm)).toBe(hashMemory(vm));
    expect(JSON.stringify(whole.vm.save())).toBe(JSON.stringify(vm.save()));
  });

  it('needs nothing at all', () => expect(createPc().vm.memslots).toHaveLength(1));

  it.each<[string, PcConfig, RegExp]>([
    ['append alone', { append: 'x' }, /^'append' is for an image, and there is no 'image'$/],
    ['a module alone', { modules: [] }, /^'modules' is for an image/],
    [
      'an append for a disk',
      { image: bytesOf('boot-hello/boot-hello.img'), append: 'x' },
      /^image: 'append' means nothing to a boot sector$/,
    ],
    ['a disk and an image', { image: Uint8Array.of(1), disk: { name: 'd', bytes: new Uint8Array(512) } }, /both 'image' and 'disk'/],
    ['an image and firmware', { image: Uint8Array.of(1), firmware: { name: 'f', bytes: new Uint8Array(65536) } }, /firmware of one's own/],
    ['a disk and a ROM', { disk: { name: 'd', bytes: new Uint8Array(512) }, rom: 65536 }, /other ROM/],
    ['an image that is none', { image: { name: 'notes.txt', bytes: Uint8Array.of(65, 66) } }, /^notes\.txt: .*not an image that is known/],
    ['a near miss', { imag: Uint8Array.of(1) } as PcConfig, /did you mean 'image'\?/],
  ])('refuses %s in one line', (_name, config, message) => {
    expect(() => createPc({ memory: MIB, ...config })).toThrow(InputError);
    expect(() => createPc({ memory: MIB, ...config })).toThrow(message);
  });
});

describe('loadImage', () => {
  it.each([
    ['a PC', (pc: ReturnType<typeof createPc>) => pc],
    ['a bare machine', (pc: ReturnType<typeof createPc>) => pc.vm],
    ['a target', (pc: ReturnType<typeof createPc>) => bootTarget(pc)],
  ])('loads into %s', (_name, given) => {
    const pc = createPc({ memory: MIB });
    expect(loadImage('halt', Uint8Array.of(0xf4), given(pc), { at: 0x1000 }).entry).toBe(0x1000);
    expect(pc.vm.vcpus[0]!.getRegs().rip).toBe(0x1000n);
  });
});

describe('output', () => {
  it('is text and bytes, of COM1 and of the debug console', () => {
    const said = Uint8Array.of(0xe2, 0x94, 0x80, 0x41, 0xff);
    const pc = createPc(say(said));
    pc.vm.runSlice(1000);
    expect([pc.output, pc.outputBytes, pc.debugOutput]).toEqual(['─A\ufffd', said, '']);
    const debug = createPc(say('debug', undefined, 0xe9));
    debug.vm.runSlice(1000);
    expect([debug.output, debug.debugOutput]).toEqual(['', 'debug']);
  });

  it('goes to a function instead, and the PC says so', () => {
    const heard: number[] = [];
    const pc = createPc({ ...say('ab'), serial: (byte) => heard.push(byte) });
    const listened: number[] = [];
    const end = pc.onSerial((byte) => {
      listened.push(byte);
      end();
    });
    pc.vm.runSlice(1000);
    expect([heard, listened]).toEqual([[97, 98], [97]]);
    expect(() => pc.output).toThrow(/nothing is collected of 'serial'/);
  });

  it('keeps the newest 4 MiB', () => {
    const pc = createPc(echo());
    const { serial } = pc['parts'];
    for (let n = 0; n < 5 * MIB; n++) serial.byte(n & 0x7f);
    const bytes = pc.outputBytes;
    expect(bytes.length).toBeGreaterThanOrEqual(4 * MIB - 65536);
    expect(bytes.length).toBeLessThanOrEqual(4 * MIB + 65536);
    expect(bytes.at(-1)).toBe((5 * MIB - 1) & 0x7f);
  });
});

it('machines, PCs and vCPUs show as one line', () => {
  const pc = createPc({ ...echo(), vcpus: 2, tracking: 'pml' });
  pc.vm.runSlice(100);
  const { vm } = pc;
  expect(inspect(pc)).toBe('Pc { 1 MiB, 2 vCPUs, tracking pml, 100 instructions }');
  expect([inspect(vm), `${vm}`]).toEqual([pc.toString().replace('Pc', 'Vm'), inspect(vm)]);
  expect(inspect(vm.vcpus[1])).toBe('Vcpu 1 { wait-for-sipi, f000:0000fff0, 0 instructions }');
});
