// A PC that has booted a disk, on which services are called one at a time: registers in, registers and flags out.

import type { Board } from '../../src/machine/board.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import type { Exit } from '../../src/vm/exit.ts';
import type { Regs } from '../../src/vm/registers.ts';
import type { Vm } from '../../src/vm/vm.ts';

export const MIB = 2 ** 20,
  SECTOR = 512;
export const CF = 1,
  ZF = 0x40,
  IF = 0x200;
export const CLI = 0xfa,
  STI = 0xfb,
  HLT = 0xf4,
  PUSHF = 0x9c,
  INT = 0xcd;
/** Where the boot sector is, and a buffer that no test's code touches. */
export const BOOT = 0x7c00,
  BUFFER = 0x20000;
/** A 1.44 MB diskette, and a fixed disk of 8 MiB: 16 heads, 63 sectors a track. */
export const DISKETTE_SECTORS = 2880,
  FIXED_SECTORS = 16384;

/** A disk whose first sector is `code` with the signature; every other sector holds its own number in each of its words. */
export function diskImage(sectors: number, code: Uint8Array | readonly number[] = [CLI, HLT]): Uint8Array {
  const words = new Uint16Array((sectors * SECTOR) / 2);
  for (let lba = 1; lba < sectors; lba++) words.fill(lba, (lba * SECTOR) / 2, ((lba + 1) * SECTOR) / 2);
  const bytes = new Uint8Array(words.buffer);
  bytes.set(code);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

export interface MachineOptions extends Partial<Omit<PcConfig, 'disk'>> {
  readonly sectors?: number;
  readonly image?: Uint8Array;
}

export interface Called {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
  readonly esi: number;
  readonly edi: number;
  readonly ebp: number;
  readonly ah: number;
  readonly al: number;
  readonly ax: number;
  readonly bx: number;
  readonly cx: number;
  readonly dx: number;
  readonly cf: boolean;
  readonly zf: boolean;
  readonly es: number;
}

export type RegistersIn = { readonly [R in 'eax' | 'ebx' | 'ecx' | 'edx' | 'esi' | 'edi' | 'ebp']?: number };

export class BiosRig {
  readonly vm: Vm;
  readonly board: Board;

  /** A machine at the first instruction of its boot sector. */
  constructor({ sectors = DISKETTE_SECTORS, image = diskImage(sectors), ...config }: MachineOptions = {}) {
    const { vm, board } = createPc({ memory: 4 * MIB, ...config, disk: { name: 'disk.img', bytes: image } });
    this.vm = vm;
    this.board = board;
    while (this.rip !== BOOT || this.cs !== 0) if (vm.runSlice(1).exit.kind !== 'limit') throw new Error('the machine does not boot');
  }

  get regs(): Regs {
    return this.vm.vcpus[0]!.getRegs();
  }

  get rip(): number {
    return Number(this.regs.rip);
  }

  get cs(): number {
    return this.vm.vcpus[0]!.getSregs().cs.selector;
  }

  /** Runs `code` from 0000:7C00 to its HLT. */
  run(code: Uint8Array | readonly number[], registers: RegistersIn = {}, limit = 1_000_000): Exit {
    this.write(BOOT, code);
    const [vcpu] = this.vm.vcpus;
    const { eax = 0, ebx = 0, ecx = 0, edx = 0, esi = 0, edi = 0, ebp = 0 } = registers;
    const big = (value: number): bigint => BigInt(value >>> 0);
    vcpu!.setRegs({
      rax: big(eax),
      rbx: big(ebx),
      rcx: big(ecx),
      rdx: big(edx),
      rsi: big(esi),
      rdi: big(edi),
      rbp: big(ebp),
      rip: BigInt(BOOT),
      rsp: BigInt(BOOT),
      rflags: 2n | BigInt(IF),
    });
    vcpu!.activity = 'active';
    return this.vm.runSlice(limit).exit;
  }

  /** INT `vector` with interrupts open. `es` and `ds` are loaded before. Throws if it does not come back. */
  call(vector: number, registers: RegistersIn = {}, { es = 0, ds = 0 }: { es?: number; ds?: number } = {}): Called {
    const segment = (selector: number) => ({ selector, base: BigInt(selector * 16), limit: 0xffff, attributes: 0x93 });
    this.vm.vcpus[0]!.setSregs({ es: segment(es), ds: segment(ds) });
    const exit = this.run([INT, vector, PUSHF, CLI, HLT], registers);
    if (exit.kind !== 'hlt' || this.rip !== BOOT + 5) throw new Error(`INT ${vector} ended with ${exit.kind} at ${this.rip.toString(16)}`);
    return this.called();
  }

  private called(): Called {
    const { regs } = this;
    const low = (value: bigint): number => Number(value & 0xffffffffn);
    const [eax, ebx, ecx, edx] = [low(regs.rax), low(regs.rbx), low(regs.rcx), low(regs.rdx)];
    const flags = this.u16(BOOT - 2);
    return {
      eax,
      ebx,
      ecx,
      edx,
      esi: low(regs.rsi),
      edi: low(regs.rdi),
      ebp: low(regs.rbp),
      ah: (eax >>> 8) & 0xff,
      al: eax & 0xff,
      ax: eax & 0xffff,
      bx: ebx & 0xffff,
      cx: ecx & 0xffff,
      dx: edx & 0xffff,
      cf: (flags & CF) !== 0,
      zf: (flags & ZF) !== 0,
      es: this.vm.vcpus[0]!.getSregs().es.selector,
    };
  }

  write(gpa: number, bytes: Uint8Array | readonly number[]): void {
    this.vm.writeMemory(gpa, Uint8Array.from(bytes));
  }

  read(gpa: number, length: number): Uint8Array {
    return this.vm.readMemory(gpa, length);
  }

  u8(gpa: number): number {
    return this.read(gpa, 1)[0]!;
  }

  u16(gpa: number): number {
    return this.u8(gpa) + this.u8(gpa + 1) * 256;
  }

  u32(gpa: number): number {
    return this.u16(gpa) + this.u16(gpa + 2) * 65536;
  }

  /** The characters of a row of the colour text screen, blanks at its end left out. */
  row(n: number, page = 0): string {
    const cells = this.read(0xb8000 + page * 0x1000 + n * 160, 160);
    return String.fromCharCode(...cells.filter((_, at) => at % 2 === 0)).trimEnd();
  }
}

export const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
