// GRUB as Debian builds it, booted from its rescue disk: a boot loader that goes between modes for every service and asks for
// disks, keys, the screen, the clock, A20 and the address map.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc.ts';
import { typeText } from '../../src/machine/us-keyboard.ts';
import { debianFile } from '../support/debian-package.ts';
import { describeNeeding } from '../support/skip.ts';
import { MIB } from './support.ts';

const { path, reason } = debianFile('grub-rescue-pc', 'usr/lib/grub-rescue/grub-rescue-floppy.img');
const SLICE = 1_000_000;
const MOST_SLICES = 200;

const shown = (pc: Pc): string =>
  screenLines(textScreen(pc)!)
    .map((line) => line.trimEnd())
    .join('\n');

/** Runs until the screen matches. */
function until(pc: Pc, text: RegExp): string {
  for (let n = 0; n < MOST_SLICES; n++) {
    expect(pc.vm.runSlice(SLICE).exit).toEqual({ kind: 'limit' });
    if (text.test(shown(pc))) return shown(pc);
  }
  throw new Error(`the screen never showed ${String(text)}, but\n${shown(pc)}`);
}

describeNeeding(path !== null, reason)('GRUB', () => {
  // The file is no diskette's size: a fixed disk. Filled up it is one.
  for (const [kind, bytes, disks] of [
    ['a fixed disk', null, /\(hd0\) \(hd0,msdos1\)/],
    ['a diskette', 1440 * 1024, /\(fd0\)/],
  ] as const) {
    it(`comes to its menu and its command line from ${kind}`, () => {
      const file = readFileSync(path!);
      const image = new Uint8Array(bytes ?? file.length);
      image.set(file);
      const pc = createPc({ memory: 64 * MIB, disk: { name: 'grub', bytes: image } });
      until(pc, /GNU GRUB +version 2[^]*Press enter to boot/);
      pc.board.keyboardInput(typeText('c'));
      until(pc, /^grub>/m);
      pc.board.keyboardInput(typeText('lsmmap\n'));
      until(pc, /length = 0x9fc00, available RAM[^]*base_addr = 0x100000, length = 0x3f00000, available RAM[^]*^grub>$/m);
      pc.board.keyboardInput(typeText('date\n'));
      until(pc, /2000-01-01 00:00:0\d Saturday/);
      pc.board.keyboardInput(typeText('ls\n'));
      until(pc, disks);
    });
  }
});
