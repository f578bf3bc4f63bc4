// Firmware of others, from Debian's packages: SeaBIOS, and Bochs's BIOS with its VGA BIOS.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';
import { pressKeys } from '../../src/machine/us-keyboard.ts';
import { debianFile } from '../support/debian-package.ts';
import type { DebianFile } from '../support/debian-package.ts';
import { describeNeeding } from '../support/skip.ts';

const MIB = 2 ** 20;
const seabios = debianFile('seabios', 'usr/share/seabios/bios.bin');
const bochs = debianFile('bochsbios', 'usr/share/bochs/BIOS-bochs-legacy');
const vgabios = debianFile('vgabios', 'usr/share/vgabios/vgabios.bin');

type Machine = Pick<Pc, 'vm' | 'board'>;

const bytesOf = ({ path }: DebianFile): Uint8Array => new Uint8Array(readFileSync(path!));

function machine(bytes: Uint8Array, optionRom: Uint8Array | null, config: Partial<PcConfig> = {}): Machine & { log(): string } {
  let log = '';
  const optionRoms = optionRom ? [{ name: 'vga', bytes: optionRom }] : [];
  const pc = createPc({
    memory: 32 * MIB,
    ...config,
    firmware: { name: 'bios', bytes, optionRoms },
    debugcon: (byte) => {
      log += String.fromCharCode(byte);
    },
  });
  return { ...pc, log: () => log };
}

/** Runs until `done`, in slices; how it ended, `limit` if it did not. */
function runUntil({ vm }: Machine, done: () => boolean, limit = 30e6, slice = 200_000): string {
  while (!done() && vm.retired < limit) {
    const { exit } = vm.runSlice(slice);
    if (exit.kind !== 'limit') return exit.kind;
  }
  return 'limit';
}

const word = ({ vm }: Machine, gpa: number): number => new DataView(vm.readMemory(gpa, 2).buffer).getUint16(0, true);

describe('the packages', () => {
  it('are there, or their absence has a reason', () => {
    for (const { path, reason } of [seabios, bochs, vgabios]) expect(path === null).toBe(reason !== '');
  });
});

describeNeeding(seabios.path !== null, seabios.reason)('SeaBIOS', () => {
  let pc: ReturnType<typeof machine>;
  let ended = '';
  beforeAll(() => {
    pc = machine(bytesOf(seabios), null);
    ended = runUntil(pc, () => false);
  });

  it('says who it is, how much memory there is, and what it found', () => {
    const log = pc.log();
    expect(log).toMatch(/^SeaBIOS \(version [^)]+\)\n/);
    expect(log).toContain('RamSize: 0x02000000 [cmos]');
    expect(log).toContain('Detected non-PCI system');
    expect(log).toContain('PS2 keyboard initialized');
    expect(log).toContain('Found 1 serial ports');
    expect(log).toMatch(/: 0000000000100000 - 0000000002000000 = 1 RAM\n/);
  });

  it('tries to boot, finds nothing, waits a minute, and resets the machine', () => {
    expect(pc.log()).toContain('No bootable device.  Retrying in 60 seconds.');
    expect(ended).toBe('reset');
    expect(pc.vm.clock.nanoseconds()).toBeGreaterThan(60e9);
  });

  it('has built the interrupt vectors and the data area', () => {
    for (const vector of [0x08, 0x09, 0x10, 0x13, 0x15, 0x16, 0x19]) expect(word(pc, 4 * vector + 2), `INT ${vector}`).toBe(0xf000);
    // COM1's port, KiB of conventional memory, and ticks of the clock: 18.2 a second.
    expect([word(pc, 0x400), word(pc, 0x413)]).toEqual([0x3f8, 639]);
    expect(word(pc, 0x46c)).toBeGreaterThan(18 * 60);
  });
});

const both = bochs.path !== null && vgabios.path !== null;

describeNeeding(both, bochs.reason || vgabios.reason)("Bochs's BIOS with its VGA BIOS", () => {
  const lines = (pc: Machine): string => screenLines(textScreen(pc)!).join('\n');

  it.each(['interpreter', 'translator'] as const)('shows what it is and that there is nothing to boot, engine %s', (engine) => {
    const pc = machine(bytesOf(bochs), bytesOf(vgabios), { engine });
    expect(runUntil(pc, () => false, 3e6)).toBe('hlt');
    expect(lines(pc)).toMatch(/^Bochs VGABios .*\n/m);
    expect(lines(pc)).toMatch(/^Bochs [\d.]+ BIOS - build: /m);
    expect(lines(pc)).toMatch(/FATAL: No bootable device\.$/);
    expect(textScreen(pc)!.cursor).not.toBeNull();
    expect(pc.vm.readMemory(0x449, 3)).toEqual(Uint8Array.of(3, 80, 0));
  });

  it('hears the keyboard', () => {
    const pc = machine(bytesOf(bochs), bytesOf(vgabios));
    expect(runUntil(pc, () => lines(pc).includes('Press F12 for boot menu'), 3e6, 5000)).toBe('limit');
    expect(pc.board.keyboardInput(pressKeys('F12'))).toBe(2);
    expect(runUntil(pc, () => lines(pc).includes('Select boot device'))).toBe('limit');
    expect(lines(pc)).toContain('Select boot device');
  });

  it('goes on after being saved and restored in the middle', () => {
    const [whole, first, second] = [0, 1, 2].map(() => machine(bytesOf(bochs), bytesOf(vgabios)));
    runUntil(whole!, () => false, 3e6);
    first!.vm.runSlice(123_457);
    for (const { guestPhysAddr, memorySize } of first!.vm.memslots) {
      second!.vm.writeMemory(guestPhysAddr, first!.vm.readMemory(guestPhysAddr, memorySize));
    }
    second!.vm.restore(JSON.parse(JSON.stringify(first!.vm.save())) as ReturnType<Pc['vm']['save']>);
    runUntil(second!, () => false, 3e6);
    expect(lines(second!)).toBe(lines(whole!));
    expect(second!.vm.retired).toBe(whole!.vm.retired);
    expect(second!.vm.save()).toEqual(whole!.vm.save());
  });
});
