// A service that is asked while paging is on, as from virtual-8086 mode: the caller's addresses are linear, and fault like its own.

import { describe, expect, it } from 'vitest';
import { buildRom } from '../../src/machine/bios/rom.ts';
import { BiosRig } from './support.ts';

const DIRECTORY = 0x40000;
const TABLE = 0x41000;
const FRAME = 0x300000;
const WINDOW = 0x20000;
const STACK = 0x6000;
const PRESENT_WRITABLE = 3;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const INT13 = buildRom().vectors.get(0x13)!;
const CR0_PG_PE = 0x80000011n;

const u32 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
const entry = (page: number): number => TABLE + 4 * page;

/** 4 MiB as they are, but the page at WINDOW shows FRAME and the next is not there; 16-bit segments; at INT 13H's first instruction. */
function paged(ebx: number, eax: number): BiosRig {
  const rig = new BiosRig();
  const pages = Array.from({ length: 1024 }, (_, n) => n * 0x1000 + PRESENT_WRITABLE);
  pages[WINDOW / 0x1000] = FRAME + PRESENT_WRITABLE;
  pages[WINDOW / 0x1000 + 1] = 0;
  rig.write(TABLE, pages.flatMap(u32));
  rig.write(DIRECTORY, u32(TABLE + PRESENT_WRITABLE));
  // IP, CS and FLAGS, CF set, as INT pushed them.
  rig.write(STACK, [0, 0, 0, 0, 0x03, 0x02]);
  const [vcpu] = rig.vm.vcpus;
  const data = (base: number) => ({ selector: 8, base: BigInt(base), limit: 0xffff, attributes: 0x93 });
  vcpu!.setSregs({
    cs: { selector: 16, base: 0xf0000n, limit: 0xffff, attributes: 0x9b },
    ss: data(0),
    es: data(WINDOW),
    ds: data(0),
    cr0: CR0_PG_PE,
    cr3: BigInt(DIRECTORY),
    idt: { base: 0n, limit: 0 },
  });
  vcpu!.setRegs({ rax: BigInt(eax), rbx: BigInt(ebx), rcx: 2n, rdx: 0n, rip: BigInt(INT13), rsp: BigInt(STACK), rflags: 2n });
  return rig;
}

describe('with paging on', () => {
  it("a buffer is where the caller's tables say, whose accessed and dirty bits are set", () => {
    const rig = paged(0x100, 0x0201);
    expect(rig.vm.runSlice(1).exit).toEqual({ kind: 'limit' });
    expect([rig.u16(FRAME + 0x100), rig.u16(WINDOW + 0x100)]).toEqual([1, 0]);
    expect(rig.u32(entry(WINDOW / 0x1000)) & (ACCESSED | DIRTY)).toBe(ACCESSED | DIRTY);
    expect(rig.u16(STACK + 4)).toBe(0x0202);
  });

  it('reading a buffer makes no page dirty', () => {
    const rig = paged(0x100, 0x0301);
    rig.vm.runSlice(1);
    expect(rig.u32(entry(WINDOW / 0x1000)) & (ACCESSED | DIRTY)).toBe(ACCESSED);
  });

  it.each([0x0201, 0x0301])("AX = %i on a page that is not there is the caller's page fault, before anything is done", (eax) => {
    const rig = paged(0xf00, eax);
    const before = rig.vm.save().platform!['bios'];
    const { exit } = rig.vm.runSlice(10);
    expect(exit).toMatchObject({ kind: 'shutdown', chain: [{ vector: 14, linear: WINDOW + 0x1000 }, {}, {}] });
    expect([rig.u16(FRAME + 0xf00), rig.u16(STACK + 4)]).toEqual([0, 0x0203]);
    expect(rig.vm.save().platform!['bios']).toEqual(before);
    expect(rig.rip).toBe(INT13);
  });
});
