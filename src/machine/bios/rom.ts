// The firmware's ROM, in the F segment. Its code mostly asks the host, by OUT to a private port; the address of the OUT says which
// service is meant. The code does itself what only the guest's processor can do: wait, call the guest's own handlers, and jump to
// the boot sector.

import { RomWriter } from './rom-writer.ts';
import type { RomLine } from './rom-writer.ts';

export const ROM_SEGMENT = 0xf000;
/** Linear address of the segment; the ROM fills its upper 8 KiB. */
export const ROM_BASE = 0xf0000;
const ROM_START = 0xe000;
const SEGMENT_BYTES = 0x10000;
/** The processor's first instruction after RESET, and what a jump to FFFF:0000 reaches. */
export const RESET_VECTOR = 0xfff0;
/** IBM PC BIOSes from 1981 on have these at these offsets, and some guests look there. */
const DISKETTE_TABLE = 0xefc7;
const CONFIGURATION_TABLE = 0xe6f5;
const DATE = 0xfff5;
const MODEL = 0xfffe;
const MODEL_AT = 0xfc;
/** Feature byte 1: 6 second 8259 | 5 real-time clock | 4 calls INT 15H, AH = 4FH for each key | 2 has an EBDA. */
const FEATURES = 0x74;
/** Where the boot sector goes, and from where down its stack. */
export const BOOT_OFFSET = 0x7c00;

/** The port by which the ROM asks. On PCs it is where software asks firmware by a system management interrupt. */
export const SERVICE_PORT = 0xb2;

/** What the ROM asks for. */
// biome-ignore format: a table
export type ServiceName =
  | 'post' | 'interrupt' | 'int08' | 'int09' | 'int10' | 'int11' | 'int12' | 'int13' | 'int14' | 'int15' | 'int16' | 'int17'
  | 'int18' | 'int19' | 'int1a' | 'int70';

export interface Request {
  readonly service: ServiceName;
  /** The service has been asked before and said that it was not done. */
  readonly again: boolean;
}

export interface Rom {
  /** The ROM's bytes, which end with the segment. */
  readonly bytes: Uint8Array;
  /** Guest-physical address of the first. */
  readonly base: number;
  /** By offset in the segment, what the OUT there asks for. */
  readonly requests: ReadonlyMap<number, Request>;
  /** Interrupt vectors: offsets in the segment. Vectors that are not here are `ignore`. */
  readonly vectors: ReadonlyMap<number, number>;
  /** An IRET. */
  readonly ignore: number;
  readonly configurationTable: number;
  readonly disketteTable: number;
  readonly lines: readonly RomLine[];
}

/** Interrupts whose handler asks once, and those that may have to wait. */
const ONCE: readonly [number, ServiceName][] = [
  [0x10, 'int10'],
  [0x11, 'int11'],
  [0x12, 'int12'],
  [0x13, 'int13'],
  [0x14, 'int14'],
  [0x17, 'int17'],
  [0x1a, 'int1a'],
];
const WAITING: readonly [number, ServiceName][] = [
  [0x15, 'int15'],
  [0x16, 'int16'],
];
/** IRQ 2 to 7, and 9 to 15 but the coprocessor's. */
const OTHER_IRQS = [0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77];

class Assembly extends RomWriter {
  readonly requests = new Map<number, Request>();
  readonly vectors = new Map<number, number>();

  vector(number: number): this {
    this.vectors.set(number, this.offset);
    return this;
  }

  /** Asks the host; the answer is in CF where a service has one. */
  ask(service: ServiceName, again = false): this {
    this.requests.set(this.offset, { service, again });
    return this.code('out 0B2h,al', 0xe6, SERVICE_PORT);
  }

  iret(): this {
    return this.code('iret', 0xcf);
  }

  int(vector: number): this {
    return this.code(`int ${vector.toString(16).toUpperCase()}h`, 0xcd, vector);
  }

  /** EOI to the first 8259, or to both. AL is lost. */
  endOfInterrupt(both: boolean): this {
    this.code('mov al,20h', 0xb0, 0x20);
    if (both) this.code('out 0A0h,al', 0xe6, 0xa0);
    return this.code('out 20h,al', 0xe6, 0x20);
  }

  /** A stack below the boot sector, DS and ES at 0. */
  clearSegments(): this {
    return this.code('xor ax,ax', 0x31, 0xc0)
      .code('mov ss,ax', 0x8e, 0xd0)
      .code('mov sp,7C00h', 0xbc, 0x00, 0x7c)
      .code('mov ds,ax', 0x8e, 0xd8)
      .code('mov es,ax', 0x8e, 0xc0);
  }
}

/** Builds the ROM; the same each time. */
export function buildRom(): Rom {
  const rom = new Assembly(new Uint8Array(SEGMENT_BYTES), ROM_START);
  writeBoot(rom);
  rom.label('ignore').iret();
  for (const [vector, service] of ONCE) rom.vector(vector).ask(service).iret();
  for (const [vector, service] of WAITING) writeWaiting(rom, vector, service);
  writeHardware(rom);
  rom.at(CONFIGURATION_TABLE).data(8, 0, MODEL_AT, 1, 0, FEATURES, 0, 0, 0, 0);
  // Step rate and head unload, head load and DMA, motor off, 512 bytes, 18 sectors, gaps, data length, fill byte, settle, start.
  rom.at(DISKETTE_TABLE).data(0xdf, 0x02, 0x25, 2, 18, 0x1b, 0xff, 0x6c, 0xf6, 15, 8);
  const post = rom.find('post');
  rom.at(RESET_VECTOR).code('jmp 0F000h:post', 0xea, post & 0xff, post >>> 8, 0x00, 0xf0);
  rom.at(DATE).data(...[...'01/01/26'].map((character) => character.charCodeAt(0)));
  rom.at(MODEL).data(MODEL_AT);
  rom.finish();
  return {
    bytes: rom.bytes.subarray(ROM_START),
    base: ROM_BASE + ROM_START,
    requests: rom.requests,
    vectors: rom.vectors,
    ignore: rom.find('ignore'),
    configurationTable: CONFIGURATION_TABLE,
    disketteTable: DISKETTE_TABLE,
    lines: rom.lines,
  };
}

/** Power-on; INT 19H, which loads the boot sector; INT 18H, which says that there is none. */
function writeBoot(rom: Assembly): void {
  // CR0.CD and CR0.NW are set after RESET; nobody runs with caches off.
  rom
    .label('post')
    .code('cli', 0xfa)
    .code('cld', 0xfc)
    .code('mov eax,cr0', 0x0f, 0x20, 0xc0)
    .code('and eax,9FFFFFFFh', 0x66, 0x25, 0xff, 0xff, 0xff, 0x9f)
    .code('mov cr0,eax', 0x0f, 0x22, 0xc0)
    .clearSegments()
    .ask('post')
    .int(0x19);
  rom
    .vector(0x19)
    .clearSegments()
    .ask('int19')
    .jump('jc', 0x72, 'nothing')
    .code('sti', 0xfb)
    .code('jmp 0:7C00h', 0xea, 0x00, 0x7c, 0x00, 0x00);
  rom.label('nothing').int(0x18);
  rom.vector(0x18).ask('int18').label('stopped').code('cli', 0xfa).code('hlt', 0xf4).jump('jmp', 0xeb, 'stopped');
}

/** While CF says that the host is not done: sleep until any interrupt, then ask again. STI lets none in before HLT: none is missed. */
function writeWaiting(rom: Assembly, vector: number, service: ServiceName): void {
  const wait = `${service}-wait`;
  rom.vector(vector).ask(service).jump('jc', 0x72, wait).iret();
  rom.label(wait).code('sti', 0xfb).code('hlt', 0xf4).code('cli', 0xfa).ask(service, true).jump('jc', 0x72, wait).iret();
}

function writeHardware(rom: Assembly): void {
  const push = (): Assembly => rom.code('push ax', 0x50);
  const popAndReturn = (): Assembly => rom.code('pop ax', 0x58).iret();

  rom.vector(0x08);
  push().ask('int08').int(0x1c).endOfInterrupt(false);
  popAndReturn();

  // The scan code goes by INT 15H, AH = 4FH, which may change it or, with CF clear, swallow it. CF of the answer: Ctrl-Break.
  rom.vector(0x09);
  push()
    .code('in al,60h', 0xe4, 0x60)
    .code('mov ah,4Fh', 0xb4, 0x4f)
    .code('stc', 0xf9)
    .int(0x15)
    .jump('jnc', 0x73, 'int09-end')
    .ask('int09')
    .jump('jnc', 0x73, 'int09-end')
    .int(0x1b)
    .label('int09-end')
    .endOfInterrupt(false);
  popAndReturn();

  // CF of the answer: the alarm went off.
  rom.vector(0x70);
  push().ask('int70').jump('jnc', 0x73, 'int70-end').int(0x4a).label('int70-end').endOfInterrupt(true);
  popAndReturn();

  // An x87 error, which on PCs before the 80387 was an NMI, is still passed on as one (IBM PC/AT Technical Reference, "80287").
  rom.vector(0x75);
  push()
    .code('xor al,al', 0x30, 0xc0)
    .code('out 0F0h,al', 0xe6, 0xf0)
    .endOfInterrupt(true)
    .code('pop ax', 0x58)
    .code('int 2', 0xcd, 0x02)
    .iret();

  for (const vector of OTHER_IRQS) rom.vector(vector);
  rom.ask('interrupt').iret();
}
