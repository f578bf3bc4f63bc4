// INT 13H on a diskette and on a fixed disk: state in, state out.

import { describe, expect, it } from 'vitest';
import { BUFFER, BiosRig, DISKETTE_SECTORS, FIXED_SECTORS, SECTOR, diskImage, word } from './support.ts';

const ES = { es: BUFFER / 16 };
const FIXED = 0x80;
const diskette = (): BiosRig => new BiosRig({ sectors: DISKETTE_SECTORS });
const fixed = (): BiosRig => new BiosRig({ sectors: FIXED_SECTORS });
/** The sectors that lie in the buffer, by the number that fills each. */
const numbers = (rig: BiosRig, count: number): number[] => Array.from({ length: count }, (_, n) => rig.u16(BUFFER + n * SECTOR));
/** 300 cylinders, empty but for the boot sector. */
function bigDisk(): Uint8Array {
  const image = new Uint8Array(300 * 16 * 63 * SECTOR);
  image.set(diskImage(1));
  return image;
}
const chs = (cylinder: number, head: number, sector: number, drive = 0) => ({
  ecx: ((cylinder & 0xff) << 8) | ((cylinder >> 2) & 0xc0) | sector,
  edx: (head << 8) | drive,
});

describe('by cylinder, head and sector', () => {
  // LBA = (cylinder × heads + head) × sectors a track + sector - 1; a 1.44 MB diskette has 2 heads and 18 sectors.
  it.each([
    ['the second sector', chs(0, 0, 2), 1, [1]],
    ['the last sector of a track and the first of the next side', chs(0, 0, 18), 2, [17, 18]],
    ['over the end of a cylinder', chs(0, 1, 18), 3, [35, 36, 37]],
    ['the last of all', chs(79, 1, 18), 1, [2879]],
  ])('reads %s', (_name, where, count, expected) => {
    const rig = diskette();
    const after = rig.call(0x13, { eax: 0x0200 | count, ...where }, ES);
    expect({ ax: after.ax, cf: after.cf }).toEqual({ ax: count, cf: false });
    expect(numbers(rig, count)).toEqual(expected);
  });

  it('a cylinder has ten bits', () => {
    const image = bigDisk();
    const lba = (290 * 16 + 3) * 63 + 4;
    image.fill(0xc7, lba * SECTOR, (lba + 1) * SECTOR);
    const rig = new BiosRig({ image });
    rig.call(0x13, { eax: 0x0201, ...chs(290, 3, 5, FIXED) }, ES);
    expect(numbers(rig, 1)).toEqual([0xc7c7]);
  });

  it.each([
    ['sector 0', 0x0201, chs(0, 0, 0), 0x01],
    ['a sector that a track does not have', 0x0201, chs(0, 0, 19), 0x01],
    ['a head', 0x0201, chs(0, 2, 1), 0x01],
    ['a cylinder', 0x0201, chs(80, 0, 1), 0x01],
    ['no sectors', 0x0200, chs(0, 0, 1), 0x01],
    ['more than 128 sectors', 0x0281, chs(0, 0, 1), 0x01],
    ['beyond the last sector', 0x0202, chs(79, 1, 18), 0x01],
    ['another diskette drive', 0x0201, { ecx: 1, edx: 1 }, 0x80],
    ['a fixed disk', 0x0201, { ecx: 1, edx: FIXED }, 0x01],
    ['an unknown function', 0x6000, chs(0, 0, 1), 0x01],
    ['functions by block number, on a diskette', 0x4100, { ebx: 0x55aa, edx: 0 }, 0x01],
  ])('%s: CF and a status', (_name, eax, where, status) => {
    const rig = diskette();
    rig.write(BUFFER, [0x11]);
    const after = rig.call(0x13, { eax, ...where }, ES);
    expect({ ah: after.ah, cf: after.cf }).toEqual({ ah: status, cf: true });
    expect(rig.u8(BUFFER)).toBe(0x11);
    // AH = 01H: the last status of the drive's kind.
    const again = rig.call(0x13, { eax: 0x0100, edx: where.edx });
    expect({ ah: again.ah, cf: again.cf }).toEqual({ ah: status, cf: true });
  });

  it('the geometry may name more than there is: status 04H', () => {
    const rig = new BiosRig({ image: diskImage(2) });
    expect(rig.call(0x13, { eax: 0x0201, ...chs(0, 0, 2, FIXED) }, ES)).toMatchObject({ ah: 0, cf: false });
    expect(rig.call(0x13, { eax: 0x0201, ...chs(0, 0, 3, FIXED) }, ES)).toMatchObject({ ah: 0x04, cf: true, al: 0 });
  });

  it('verifies without touching memory', () => {
    const rig = diskette();
    rig.write(BUFFER, [0x11]);
    expect(rig.call(0x13, { eax: 0x0402, ...chs(0, 0, 2) }, ES)).toMatchObject({ ax: 2, cf: false });
    expect(rig.u8(BUFFER)).toBe(0x11);
  });

  it('reads what was written; the image stays as it was', () => {
    const image = diskImage(DISKETTE_SECTORS);
    const before = image.slice();
    const rig = new BiosRig({ image });
    rig.write(BUFFER, new Uint8Array(2 * SECTOR).fill(0x5a));
    expect(rig.call(0x13, { eax: 0x0302, ...chs(3, 1, 7) }, ES)).toMatchObject({ ax: 2, cf: false });
    rig.write(BUFFER, new Uint8Array(4 * SECTOR));
    rig.call(0x13, { eax: 0x0204, ...chs(3, 1, 6) }, ES);
    const first = (3 * 2 + 1) * 18 + 5;
    expect(numbers(rig, 4)).toEqual([first, 0x5a5a, 0x5a5a, first + 3]);
    // Not toEqual, which takes seconds over so many bytes.
    expect(Buffer.compare(image, before)).toBe(0);
  });

  it('formats a track of a diskette', () => {
    const rig = diskette();
    expect(rig.call(0x13, { eax: 0x0512, ...chs(1, 1, 1) }, ES)).toMatchObject({ ah: 0, cf: false });
    rig.call(0x13, { eax: 0x0202, ...chs(1, 1, 18) }, ES);
    expect(numbers(rig, 2)).toEqual([0xf6f6, 72]);
  });
});

describe('what there is', () => {
  it.each([[0x00], [0x0c01], [0x0d00], [0x1000], [0x1100]])('AX = %i succeeds', (eax) => {
    expect(diskette().call(0x13, { eax, ...chs(0, 0, 1) })).toMatchObject({ ah: 0, cf: false });
  });

  it("the diskette's parameters: type 4, 80 cylinders, 2 heads, 18 sectors, one drive, and its table", () => {
    const rig = diskette();
    const after = rig.call(0x13, { eax: 0x0800 });
    expect(after).toMatchObject({ ah: 0, cf: false, cx: 0x4f12, dx: 0x0101, es: 0xf000 });
    expect(after.bx & 0xff).toBe(4);
    expect(rig.u8(0xf0000 + after.edi + 3)).toBe(2);
  });

  it("the fixed disk's: the last cylinder in ten bits", () => {
    const rig = new BiosRig({ image: bigDisk() });
    const cx = ((299 & 0xff) << 8) | 0x40 | 63;
    expect(rig.call(0x13, { eax: 0x0800, edx: FIXED })).toMatchObject({ ah: 0, cf: false, cx, dx: 0x0f01 });
  });

  it('the kind and size of drives', () => {
    expect(diskette().call(0x13, { eax: 0x1500, edx: 0 })).toMatchObject({ ah: 1, cf: false });
    expect(diskette().call(0x13, { eax: 0x1500, edx: FIXED })).toMatchObject({ ah: 0, cf: false });
    expect(fixed().call(0x13, { eax: 0x1500, edx: FIXED })).toMatchObject({ ah: 3, cf: false, cx: 0, dx: FIXED_SECTORS });
  });

  it('a diskette never changes; a fixed disk does not know the question', () => {
    expect(diskette().call(0x13, { eax: 0x1600, edx: 0 })).toMatchObject({ ah: 0, cf: false });
    expect(fixed().call(0x13, { eax: 0x1600, edx: FIXED })).toMatchObject({ ah: 1, cf: true });
  });
});

describe('by block number', () => {
  const DS = { ds: 0x1000 };
  const packet = (count: number, lba: number, { size = 16, offset = 0, segment = BUFFER / 16, flat = [] as number[] } = {}): number[] => [
    size,
    0,
    ...word(count),
    ...word(offset),
    ...word(segment),
    ...word(lba),
    ...word(lba >>> 16),
    0,
    0,
    0,
    0,
    ...flat,
  ];
  const call = (rig: BiosRig, command: number, bytes: readonly number[]) => {
    rig.write(0x10010, bytes);
    return rig.call(0x13, { eax: command << 8, edx: FIXED, esi: 0x10 }, DS);
  };

  it('the extensions are there', () => {
    expect(fixed().call(0x13, { eax: 0x4100, ebx: 0x55aa, edx: FIXED })).toMatchObject({ ah: 0x21, bx: 0xaa55, cx: 1, cf: false });
    expect(fixed().call(0x13, { eax: 0x4100, ebx: 0, edx: FIXED })).toMatchObject({ ah: 1, cf: true });
  });

  it('reads, to segment:offset and to a flat address beyond 1 MiB', () => {
    const rig = fixed();
    expect(call(rig, 0x42, packet(3, 5000))).toMatchObject({ ah: 0, cf: false });
    expect(numbers(rig, 3)).toEqual([5000, 5001, 5002]);
    const flat = packet(1, 77, { size: 24, offset: 0xffff, segment: 0xffff, flat: [0, 0, 0x20, 0, 0, 0, 0, 0] });
    expect(call(rig, 0x42, flat)).toMatchObject({ ah: 0, cf: false });
    expect(rig.u16(0x200000)).toBe(77);
  });

  it('writes, verifies, seeks', () => {
    const rig = fixed();
    rig.write(BUFFER, new Uint8Array(SECTOR).fill(0xa5));
    expect(call(rig, 0x43, packet(1, 16383))).toMatchObject({ ah: 0, cf: false });
    rig.write(BUFFER, [0, 0]);
    expect(call(rig, 0x44, packet(1, 16383))).toMatchObject({ ah: 0, cf: false });
    expect(rig.u16(BUFFER)).toBe(0);
    call(rig, 0x42, packet(1, 16383));
    expect(rig.u16(BUFFER)).toBe(0xa5a5);
    expect(call(rig, 0x47, packet(1, 16383))).toMatchObject({ ah: 0, cf: false });
  });

  it.each([
    ['blocks beyond the last', packet(2, 16383)],
    ['blocks far beyond the last', packet(1, 0xffffffff)],
    ['more than 127 blocks', packet(128, 0)],
    ['a short packet', packet(1, 1, { size: 15 })],
    ['a flat address above 4 GiB', packet(1, 1, { size: 24, offset: 0xffff, segment: 0xffff, flat: [0, 0, 0, 0, 1, 0, 0, 0] })],
  ])('%s: CF, status 01H, nothing read', (_name, bytes) => {
    const rig = fixed();
    rig.write(BUFFER, [0x11]);
    expect(call(rig, 0x42, bytes)).toMatchObject({ ah: 1, cf: true });
    expect(rig.u8(BUFFER)).toBe(0x11);
  });

  it('an error leaves 0 as the number of blocks done', () => {
    const rig = fixed();
    call(rig, 0x42, packet(2, 16383));
    expect(rig.u16(0x10012)).toBe(0);
  });

  it('the parameters: sizes and geometry', () => {
    const rig = fixed();
    rig.write(0x10010, word(30));
    expect(rig.call(0x13, { eax: 0x4800, edx: FIXED, esi: 0x10 }, DS)).toMatchObject({ ah: 0, cf: false });
    const words = [0x10, 0x12, 0x28].map((at) => rig.u16(0x10000 + at));
    const doubles = [0x14, 0x18, 0x1c, 0x20].map((at) => rig.u32(0x10000 + at));
    expect([words[0], words[1], ...doubles, words[2]]).toEqual([26, 2, 16, 16, 63, FIXED_SECTORS, 512]);
    rig.write(0x10010, word(25));
    expect(rig.call(0x13, { eax: 0x4800, edx: FIXED, esi: 0x10 }, DS)).toMatchObject({ ah: 1, cf: true });
  });
});

describe('buffers', () => {
  it("of a fixed disk go on past 64 KiB of memory, and past a segment's end", () => {
    const rig = fixed();
    rig.call(0x13, { eax: 0x0202, ebx: 0xff00, ...chs(0, 0, 2, FIXED) }, { es: 0x2000 });
    expect([rig.u16(0x2ff00), rig.u16(0x300fe), rig.u16(0x30100)]).toEqual([1, 1, 2]);
  });

  it("of a diskette go on past a segment's end", () => {
    const rig = diskette();
    rig.call(0x13, { eax: 0x0202, ebx: 0xff00, ...chs(0, 0, 2) }, { es: 0x2010 });
    expect([rig.u16(0x30000), rig.u16(0x301fe), rig.u16(0x30200)]).toEqual([1, 1, 2]);
  });

  it.each([
    ['reads', 0x0202, 0xfd00, 0x09],
    ['writes', 0x0302, 0xfd00, 0x09],
    ['reads of the last bytes alone', 0x0201, 0xfe01, 0x09],
    ['formats by a table of 72 bytes', 0x0512, 0xffb9, 0x09],
    ['reads up to the boundary', 0x0202, 0xfc00, 0],
    ['formats by a table up to the boundary', 0x0512, 0xffb8, 0],
    ['verifies, which moves nothing,', 0x0402, 0xfd00, 0],
    ['reads of sectors that are not there', 0x0202, 0xfd00, 0x01, chs(79, 1, 18)],
  ])('%s of a diskette at a boundary of 64 KiB: AX = %i, BX = %i, status %i', (_name, eax, ebx, status, where = chs(0, 0, 1)) => {
    const rig = diskette();
    rig.write(0x2fd00, new Uint8Array(0x600).fill(0x11));
    const after = rig.call(0x13, { eax, ebx, ...where }, { es: 0x2000 });
    expect({ ah: after.ah, cf: after.cf }).toEqual({ ah: status, cf: status !== 0 });
    if (status === 0) return;
    if (eax >>> 8 !== 5) expect(after.al).toBe(0);
    expect(rig.u8(0x441)).toBe(status);
    expect(rig.read(0x2fd00, 0x600).every((byte) => byte === 0x11)).toBe(true);
    rig.call(0x13, { eax: 0x0201, ...chs(0, 0, 1) }, ES);
    expect(rig.u8(BUFFER + 510)).toBe(0x55);
  });

  it('where there is no memory take nothing and give ones', () => {
    const rig = new BiosRig({ sectors: FIXED_SECTORS, memory: 2 ** 20 });
    // FFFF:0010 is 1 MiB.
    expect(rig.call(0x13, { eax: 0x0201, ebx: 0x10, ecx: 2, edx: FIXED }, { es: 0xffff })).toMatchObject({ ah: 0, cf: false });
    expect(rig.call(0x13, { eax: 0x0301, ebx: 0x10, ecx: 2, edx: FIXED }, { es: 0xffff })).toMatchObject({ ah: 0, cf: false });
    rig.call(0x13, { eax: 0x0201, ebx: 0, ecx: 2, edx: FIXED }, ES);
    expect(rig.u16(BUFFER)).toBe(0xffff);
  });

  it('while the A20 gate is closed wrap at 1 MiB', () => {
    const rig = diskette();
    rig.call(0x15, { eax: 0x2400 });
    rig.write(0x500, [0, 0]);
    // FFFF:0510 is 1 MiB + 500H, and 500H with address bit 20 masked.
    rig.call(0x13, { eax: 0x0201, ebx: 0x510, ...chs(0, 0, 6) }, { es: 0xffff });
    expect([rig.u16(0x500), rig.u16(0x100500)]).toEqual([5, 0]);
    rig.call(0x15, { eax: 0x2401 });
    rig.call(0x13, { eax: 0x0201, ebx: 0x510, ...chs(0, 0, 7) }, { es: 0xffff });
    expect([rig.u16(0x500), rig.u16(0x100500)]).toEqual([5, 6]);
  });
});
