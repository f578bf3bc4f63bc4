// INT 11H, 12H, 14H, 15H and 17H.

import { describe, expect, it } from 'vitest';
import { mapEntries } from '../../src/machine/bios/int15-memory.ts';
import { BUFFER, BiosRig, FIXED_SECTORS, MIB, word } from './support.ts';

const KIB = 1024;
const SMAP = 0x534d4150;

describe('sizes', () => {
  it('INT 11H and 12H', () => {
    const rig = new BiosRig();
    expect(rig.call(0x11).ax).toBe(0x0223);
    expect(rig.call(0x12).ax).toBe(639);
    expect(new BiosRig({ sectors: FIXED_SECTORS }).call(0x11).ax).toBe(0x0222);
  });

  // KiB from 1 MiB to 16 MiB; units of 64 KiB from there.
  it.each([
    [1, 0, 0, 0],
    [2, 1024, 1024, 0],
    [16, 15360, 15360, 0],
    [48, 48128, 15360, 512],
    [256, 64512, 15360, 3840],
  ])('AH = 88H and AX = E801H with %i MiB', (mib, ah88, kib, units) => {
    const rig = new BiosRig({ memory: mib * MIB });
    expect(rig.call(0x15, { eax: 0x8800 })).toMatchObject({ ax: ah88, cf: false });
    expect(rig.call(0x15, { eax: 0xe801 })).toMatchObject({ ax: kib, cx: kib, bx: units, dx: units, cf: false });
  });

  it('AX = E820H: entry after entry', () => {
    const rig = new BiosRig({ memory: 16 * MIB });
    const entries: number[][] = [];
    for (let ebx = 0; ; ) {
      const after = rig.call(0x15, { eax: 0xe820, ebx, ecx: 24, edx: SMAP, edi: 0x10 }, { es: BUFFER / 16 });
      expect(after).toMatchObject({ eax: SMAP, ecx: 20, cf: false });
      entries.push([rig.u32(BUFFER + 0x10), rig.u32(BUFFER + 0x18), rig.u32(BUFFER + 0x20)]);
      ({ ebx } = after);
      if (ebx === 0) break;
    }
    expect(entries).toEqual([
      [0, 639 * KIB, 1],
      [639 * KIB, KIB, 2],
      [0xf0000, 64 * KIB, 2],
      [MIB, 15 * MIB, 1],
    ]);
  });

  it('the map goes on above 4 GiB', () => {
    const high = { base: 2 ** 32, size: 512 * MIB };
    const beyond = mapEntries([{ base: 0, size: 2048 * MIB }, high]).slice(3);
    expect(beyond).toEqual([
      { base: MIB, size: 2047 * MIB, type: 1 },
      { ...high, type: 1 },
    ]);
  });

  it.each([
    ['another signature', { ebx: 0, ecx: 20, edx: 1 }],
    ['too little room', { ebx: 0, ecx: 19, edx: SMAP }],
    ['an entry that is not there', { ebx: 4, ecx: 20, edx: SMAP }],
    ['an absurd entry', { ebx: 0xffffffff, ecx: 20, edx: SMAP }],
  ])('AX = E820H with %s: CF', (_name, registers) => {
    expect(new BiosRig().call(0x15, { eax: 0xe820, ...registers })).toMatchObject({ ah: 0x86, cf: true });
  });
});

describe('A20', () => {
  it('AX = 2400H to 2403H', () => {
    const rig = new BiosRig();
    const open = (): number => rig.call(0x15, { eax: 0x2402 }).al;
    const set = (eax: number): boolean => rig.call(0x15, { eax }).cf;
    expect([open(), set(0x2400), open(), set(0x2401), open()]).toEqual([1, false, 0, false, 1]);
    expect(rig.call(0x15, { eax: 0x2403 })).toMatchObject({ ah: 0, bx: 3, cf: false });
    expect(rig.call(0x15, { eax: 0x2404 })).toMatchObject({ ah: 0x86, cf: true });
  });
});

describe('waiting', () => {
  // Each interrupt of the clock counts 976 of the caller's microseconds; the first comes within a period.
  it.each([1, 976, 5000, 100_000])('AH = 86H: %i µs, asleep', (microseconds) => {
    const rig = new BiosRig();
    const before = rig.vm.clock.nanoseconds();
    const retired = rig.vm.retired;
    expect(rig.call(0x15, { eax: 0x8600, ecx: microseconds >>> 16, edx: microseconds & 0xffff }).cf).toBe(false);
    const passed = (rig.vm.clock.nanoseconds() - before) / 1000;
    expect(passed).toBeGreaterThan(microseconds - 977);
    expect(passed).toBeLessThan(microseconds * 1.002 + 1000);
    expect(Number(rig.vm.retired - retired)).toBeLessThan(100 + microseconds / 20);
  });

  it('AH = 86H with nothing to wait for comes back at once', () => {
    expect(new BiosRig().call(0x15, { eax: 0x8600 }).cf).toBe(false);
  });

  it('AH = 83H sets bit 7 of a byte later; meanwhile another wait is refused; it can be given up', () => {
    const rig = new BiosRig();
    expect(rig.call(0x15, { eax: 0x8300, ecx: 0, edx: 3000, ebx: 0x40 }, { es: BUFFER / 16 }).cf).toBe(false);
    expect(rig.call(0x15, { eax: 0x8600, edx: 10 })).toMatchObject({ ah: 0x83, cf: true });
    expect(rig.u8(BUFFER + 0x40)).toBe(0);
    // STI; JMP to itself.
    rig.run([0xfb, 0xeb, 0xfe], {}, 500_000);
    expect(rig.u8(BUFFER + 0x40)).toBe(0x80);
    rig.write(BUFFER + 0x40, [0]);
    rig.call(0x15, { eax: 0x8300, ecx: 0, edx: 3000, ebx: 0x40 }, { es: BUFFER / 16 });
    expect(rig.call(0x15, { eax: 0x8301 }).cf).toBe(false);
    rig.run([0xfb, 0xeb, 0xfe], {}, 500_000);
    expect(rig.u8(BUFFER + 0x40)).toBe(0);
  });
});

describe('the rest of INT 15H', () => {
  it('AH = 87H copies words beyond 1 MiB by two descriptors', () => {
    const rig = new BiosRig();
    const base = (gpa: number): number[] => [0xff, 0xff, ...word(gpa), (gpa >>> 16) & 0xff, 0x93, 0, gpa >>> 24];
    rig.write(BUFFER, [...Array<number>(16).fill(0), ...base(0x30000), ...base(0x280000)]);
    rig.write(0x30000, [1, 2, 3, 4, 5, 6]);
    expect(rig.call(0x15, { eax: 0x8700, ecx: 2, esi: 0 }, { es: BUFFER / 16 })).toMatchObject({ ah: 0, cf: false });
    expect([...rig.read(0x280000, 6)]).toEqual([1, 2, 3, 4, 0, 0]);
    expect(rig.call(0x15, { eax: 0x8700, ecx: 0x8001 }, { es: BUFFER / 16 })).toMatchObject({ ah: 1, cf: true });
  });

  it('AH = C0H and C1H: the configuration table and the EBDA', () => {
    const rig = new BiosRig();
    const after = rig.call(0x15, { eax: 0xc000 });
    expect(after).toMatchObject({ ah: 0, cf: false, es: 0xf000 });
    expect([rig.u16(0xf0000 + after.bx), rig.u8(0xf0000 + after.bx + 2)]).toEqual([8, 0xfc]);
    expect(rig.call(0x15, { eax: 0xc100 })).toMatchObject({ cf: false, es: 0x9fc0 });
  });

  it.each([0x4f, 0x85, 0x90, 0x91])('AH = %i is a hook that does nothing', (ah) => {
    expect(new BiosRig().call(0x15, { eax: (ah << 8) | 0x1e }).al).toBe(0x1e);
  });

  it.each([0x0000, 0x5300, 0x8900, 0xe802, 0xe881, 0xffff])('AX = %i is not there: CF, AH = 86H', (eax) => {
    expect(new BiosRig().call(0x15, { eax })).toMatchObject({ ah: 0x86, cf: true });
  });
});

describe('the serial port', () => {
  it('sends, receives, and times out at once', () => {
    const sent: number[] = [];
    const rig = new BiosRig({ serial: (byte) => sent.push(byte) });
    expect(rig.call(0x14, { eax: 0x00e3 }).ah & 0x60).toBe(0x60);
    rig.call(0x14, { eax: 0x0141 });
    expect(sent).toEqual([0x41]);
    expect(rig.call(0x14, { eax: 0x0200 }).ah).toBe(0x80);
    rig.board.serialInput([0x62]);
    rig.vm.runSlice(1000);
    expect(rig.call(0x14, { eax: 0x0300 }).ah & 1).toBe(1);
    expect(rig.call(0x14, { eax: 0x0200 }).ax).toBe(0x0062);
    expect(rig.call(0x14, { eax: 0x0300, edx: 1 }).ah).toBe(0x80);
  });

  it('there is no printer', () => expect(new BiosRig().call(0x17, { eax: 0x0041 }).ah).toBe(1));
});
