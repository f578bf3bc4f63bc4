// From power-on to the boot sector: the state in which it is entered, and what firmware has left in memory.

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { Disk } from '../../src/machine/bios/disk.ts';
import { createPc } from '../../src/machine/pc.ts';
import { BOOT, BiosRig, CLI, FIXED_SECTORS, HLT, IF, INT, MIB, SECTOR, diskImage } from './support.ts';

describe('the boot sector is entered', () => {
  it('at 0000:7C00 with its drive in DL, interrupts on, a stack below it', () => {
    const rig = new BiosRig({ image: diskImage(2880, [0x90, 0x12, 0x34]) });
    const { rip, rdx, rsp, rflags } = rig.regs;
    expect({ rip, rdx, rsp }).toEqual({ rip: 0x7c00n, rdx: 0n, rsp: 0x7c00n });
    expect(Number(rflags) & IF).toBe(IF);
    const { cs, ds, es, ss, cr0 } = rig.vm.vcpus[0]!.getSregs();
    expect([cs, ds, es, ss].map(({ selector, base }) => [selector, base])).toEqual(Array(4).fill([0, 0n]));
    // ET alone: neither protection nor what RESET leaves of the caches' control.
    expect(cr0).toBe(0x10n);
    expect([...rig.read(BOOT, 3), ...rig.read(BOOT + 510, 2)]).toEqual([0x90, 0x12, 0x34, 0x55, 0xaa]);
  });

  // KiB, drive, cylinders, heads, sectors a track: the standard formats; LBA-assisted translation for all else.
  it.each([
    [160, 0x00, 40, 1, 8],
    [180, 0x00, 40, 1, 9],
    [320, 0x00, 40, 2, 8],
    [360, 0x00, 40, 2, 9],
    [720, 0x00, 80, 2, 9],
    [1200, 0x00, 80, 2, 15],
    [1440, 0x00, 80, 2, 18],
    [2880, 0x00, 80, 2, 36],
    [0.5, 0x80, 1, 16, 63],
    [1024, 0x80, 2, 16, 63],
    [1441, 0x80, 2, 16, 63],
    [8192, 0x80, 16, 16, 63],
    [504 * 1024, 0x80, 1024, 16, 63],
    [505 * 1024, 0x80, 513, 32, 63],
    [1024 * 1024, 0x80, 520, 64, 63],
  ])('%s KiB: drive %i, %i cylinders, %i heads, %i sectors', (kib, drive, cylinders, heads, sectorsPerTrack) => {
    // A view that claims the size is enough: nothing is read.
    const bytes = new Uint8Array(0);
    Object.defineProperty(bytes, 'length', { value: kib * 1024 });
    const disk = new Disk({ name: 'disk', bytes });
    expect({ drive: disk.drive, ...disk.geometry }).toMatchObject({ drive, cylinders, heads, sectorsPerTrack });
  });

  it('again by INT 19H, with what has been written to the disk meanwhile', () => {
    const rig = new BiosRig();
    rig.write(0x20000, diskImage(1, [0x66, 0x77]));
    rig.call(0x13, { eax: 0x0301, ecx: 1, ebx: 0 }, { es: 0x2000 });
    rig.run([INT, 0x19], {}, 20);
    expect([...rig.read(BOOT, 2)]).toEqual([0x66, 0x77]);
  });

  it('again by a jump to FFFF:0000, which starts anew', () => {
    const rig = new BiosRig();
    rig.write(0x410, [0, 0]);
    rig.run([0xea, 0, 0, 0xff, 0xff], {}, 40);
    expect(rig.u16(0x410)).toBe(0x0223);
  });

  it('not without a signature: a message on the screen, and the end', () => {
    const rig = new BiosRig();
    rig.call(0x13, { eax: 0x0301, ecx: 1, ebx: 0 }, { es: 0x3000 });
    expect(rig.run([INT, 0x19])).toEqual({ kind: 'hlt' });
    expect(rig.row(1)).toBe('No bootable device.');
    const other = new BiosRig();
    expect(other.run([INT, 0x18])).toEqual({ kind: 'hlt' });
    expect(other.row(1)).toBe('No bootable device.');
  });
});

describe('memory at the boot sector', () => {
  it('the data area', () => {
    const rig = new BiosRig();
    expect({
      com1: rig.u16(0x400),
      ebda: rig.u16(0x40e),
      equipment: rig.u16(0x410),
      kib: rig.u16(0x413),
      keys: [rig.u16(0x41a), rig.u16(0x41c)],
      mode: rig.u8(0x449),
      columns: rig.u16(0x44a),
      crtc: rig.u16(0x463),
      rows: rig.u8(0x484),
      disks: rig.u8(0x475),
      ring: [rig.u16(0x480), rig.u16(0x482)],
      ebdaKib: rig.u8(0x9fc00),
    }).toEqual({
      com1: 0x3f8,
      ebda: 0x9fc0,
      equipment: 0x0223,
      kib: 639,
      keys: [0x1e, 0x1e],
      mode: 3,
      columns: 80,
      crtc: 0x3d4,
      rows: 24,
      disks: 0,
      ring: [0x1e, 0x3e],
      ebdaKib: 1,
    });
    expect(new BiosRig({ sectors: FIXED_SECTORS }).u8(0x475)).toBe(1);
  });

  it("every interrupt vector points to an instruction of the ROM, but for those that point to tables or are the user's", () => {
    const rig = new BiosRig({ sectors: FIXED_SECTORS });
    for (let vector = 0; vector < 256; vector++) {
      const offset = rig.u16(4 * vector);
      const segment = rig.u16(4 * vector + 2);
      if (vector >= 0x60 && vector <= 0x67) expect([segment, offset]).toEqual([0, 0]);
      else if (vector === 0x41) expect([segment, offset]).toEqual([0x9fc0, 0x3d]);
      else expect(segment).toBe(0xf000);
    }
    // The fixed disk's table: cylinders, heads, sectors a track.
    expect([rig.u16(0x9fc3d), rig.u8(0x9fc3f), rig.u8(0x9fc3d + 14)]).toEqual([16, 16, 63]);
  });

  it('the tick count is the time of day', () => {
    expect(new BiosRig().u32(0x46c)).toBe(0);
    // 12 hours of 18.2 ticks a second.
    expect(new BiosRig({ epoch: 946684800 + 43200 }).u32(0x46c)).toBe(0x1800b0 / 2);
  });

  it('the screen is clear, in mode 3', () => {
    const rig = new BiosRig();
    expect([...rig.read(0xb8000, 4)]).toEqual([0x20, 7, 0x20, 7]);
  });
});

describe('a machine cannot be built', () => {
  const image = (length: number) => ({ name: 'dir/disk.img', bytes: new Uint8Array(length) });

  it.each([
    ['fixed', 'dir/disk.img: a boot image of no bytes'],
    ['diskette', 'dir/disk.img: a boot image of no bytes'],
  ] as const)('with a %s of no bytes', (kind, message) => {
    expect(() => createPc({ memory: MIB, disk: { ...image(0), kind } })).toThrow(new InputError(message));
  });

  it('with other firmware beside the disk', () => {
    const firmware = { name: 'bios.bin', bytes: new Uint8Array(65536) };
    expect(() => createPc({ memory: MIB, disk: image(SECTOR), firmware })).toThrow(/^a disk is booted by the firmware that is built in/);
  });

  it('with less than 1 MiB of memory', () => {
    expect(() => createPc({ memory: MIB / 2, disk: image(SECTOR) })).toThrow(InputError);
  });
});

describe('the service port', () => {
  it('hears only the ROM: a guest that writes to it changes nothing', () => {
    const rig = new BiosRig();
    rig.run([0xe6, 0xb2, CLI, HLT], { eax: 0x0e41 });
    expect(rig.row(0)).toBe('');
    expect(rig.rip).toBe(BOOT + 4);
  });
});
