// ELF executables of either class for x86: header and program headers, checked before anything is believed. Field names are
// those of the System V ABI, "Object Files".

import { type ImageReader, hex } from './bytes.ts';
import type { Placement } from './placement.ts';

const ET_EXEC = 2;
const TYPES: { readonly [type: number]: string } = {
  0: 'ET_NONE',
  1: 'ET_REL, a relocatable object',
  3: 'ET_DYN, a program for an operating system or a shared object, not a kernel',
  4: 'ET_CORE, a core dump',
};
const EM_386 = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_NOTE = 4;
const PN_XNUM = 0xffff;

/** Where the fields lie in each class. */
// biome-ignore format: a table
const LAYOUT = {
  32: {
    headerBytes: 52, phentsize: 32, entry: 24, phoff: 28, phentsizeAt: 42, phnumAt: 44,
    offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20,
  },
  64: {
    headerBytes: 64, phentsize: 56, entry: 24, phoff: 32, phentsizeAt: 54, phnumAt: 56,
    offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40,
  },
} as const;

/** A PT_LOAD segment. `header` is the file offset of its program header. */
export interface ElfSegment {
  readonly index: number;
  readonly header: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly physical: number;
  readonly virtual: bigint;
}

export interface ElfImage {
  readonly width: 32 | 64;
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  /** PT_NOTE ranges in the file. */
  readonly notes: readonly { readonly offset: number; readonly size: number }[];
}

/** Whether the file begins as an ELF file does. */
export const isElf = (bytes: Uint8Array): boolean => bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** Parses and checks an ELF executable. InputError, one line, for anything that cannot be loaded. */
export function parseElf(file: ImageReader): ElfImage {
  const width = checkIdentification(file);
  const layout = LAYOUT[width];
  const word = (offset: number, what: string): bigint => (width === 64 ? file.u64(offset, what) : BigInt(file.u32(offset, what)));

  const phentsize = file.u16(layout.phentsizeAt, 'the ELF header');
  const phnum = file.u16(layout.phnumAt, 'the ELF header');
  if (phnum === 0) throw file.error(layout.phnumAt, 'e_phnum is 0: the ELF file has no program headers, so nothing to load');
  if (phnum === PN_XNUM) throw file.error(layout.phnumAt, 'e_phnum is PN_XNUM: more program headers than are supported');
  if (phentsize !== layout.phentsize) throw file.error(layout.phentsizeAt, `e_phentsize is ${phentsize}, not ${layout.phentsize}`);
  const phoff = Number(word(layout.phoff, 'the ELF header'));
  if (phoff + phnum * phentsize > file.length) {
    throw file.error(layout.phoff, `the program headers at ${hex(phoff)} (${phnum} of them) reach beyond the end of the file`);
  }

  const segments: ElfSegment[] = [];
  const notes: { offset: number; size: number }[] = [];
  for (let index = 0; index < phnum; index++) {
    const header = phoff + index * phentsize;
    const what = `program header ${index}`;
    const type = file.u32(header, what);
    if (type === PT_INTERP)
      throw file.error(header, `${what} is PT_INTERP: a dynamically linked program for an operating system, not a kernel`);
    if (type !== PT_LOAD && type !== PT_NOTE) continue;
    const fileOffset = Number(word(header + layout.offset, what));
    const fileSize = Number(word(header + layout.filesz, what));
    if (fileOffset + fileSize > file.length) {
      throw file.error(header, `${what}: its ${hex(fileSize)} bytes at file offset ${hex(fileOffset)} reach beyond the end of the file`);
    }
    if (type === PT_NOTE) {
      notes.push({ offset: fileOffset, size: fileSize });
      continue;
    }
    const memorySize = Number(word(header + layout.memsz, what));
    if (memorySize < fileSize) throw file.error(header, `${what}: p_memsz ${hex(memorySize)} is less than p_filesz ${hex(fileSize)}`);
    if (memorySize === 0) continue;
    const physical = word(header + layout.paddr, what);
    if (physical + BigInt(memorySize) > 2n ** BigInt(width)) {
      throw file.error(header, `${what}: ${hex(memorySize)} bytes at address ${hex(physical)} wrap around the address space`);
    }
    const virtual = word(header + layout.vaddr, what);
    segments.push({ index, header, fileOffset, fileSize, memorySize, physical: Number(physical), virtual });
  }
  if (segments.length === 0) throw file.error(phoff, 'no program header is a PT_LOAD segment, so there is nothing to load');
  return { width, entry: word(layout.entry, 'the ELF header'), segments, notes };
}

function checkIdentification(file: ImageReader): 32 | 64 {
  const elfClass = file.u8(4, 'the ELF identification');
  if (elfClass !== 1 && elfClass !== 2) throw file.error(4, `EI_CLASS is ${elfClass}: neither ELFCLASS32 nor ELFCLASS64`);
  const width = elfClass === 1 ? 32 : 64;
  const data = file.u8(5, 'the ELF identification');
  if (data !== 1) throw file.error(5, `EI_DATA is ${data}: ${data === 2 ? 'big-endian' : 'no byte order'}; x86 needs little-endian (1)`);
  const version = file.u8(6, 'the ELF identification');
  if (version !== 1) throw file.error(6, `EI_VERSION is ${version}, not 1`);
  const { headerBytes } = LAYOUT[width];
  if (file.length < headerBytes) throw file.error(file.length, `the file ends inside the ELF header of ${headerBytes} bytes`);
  const type = file.u16(16, 'the ELF header');
  if (type !== ET_EXEC) throw file.error(16, `e_type is ${type}${TYPES[type] ? ` (${TYPES[type]})` : ''}; only ET_EXEC can be loaded`);
  const machine = file.u16(18, 'the ELF header');
  const wanted = width === 32 ? EM_386 : EM_X86_64;
  if (machine !== wanted) {
    throw file.error(18, `e_machine is ${machine}; an ELF${width} image must be for ${width === 32 ? 'EM_386 (3)' : 'EM_X86_64 (62)'}`);
  }
  return width;
}

/** Puts the segments at their physical addresses. InputError where they overlap or are not in RAM. */
export function loadElf(file: ImageReader, elf: ElfImage, placement: Placement): void {
  // All are claimed before any is written, so that a refused image leaves memory as it was.
  for (const { index, header, physical, memorySize } of elf.segments) {
    placement.claim(`segment ${index}`, physical, memorySize, `offset ${hex(header)}: `);
  }
  for (const { fileOffset, fileSize, physical, memorySize } of elf.segments) {
    placement.fill(physical, file.bytes.subarray(fileOffset, fileOffset + fileSize), memorySize);
  }
}

/**
 * The entry point as a physical address: e_entry is a virtual address, so it follows the segment whose virtual range holds
 * it; kernels linked high often give the physical one instead.
 */
export function physicalEntry(file: ImageReader, elf: ElfImage): number {
  const { entry, segments } = elf;
  for (const { virtual, physical, memorySize } of segments) {
    if (entry >= virtual && entry < virtual + BigInt(memorySize)) return physical + Number(entry - virtual);
  }
  const inside = segments.some(({ physical, memorySize }) => entry >= BigInt(physical) && entry < BigInt(physical + memorySize));
  if (!inside) throw file.error(LAYOUT[elf.width].entry, `the entry point ${hex(entry)} lies in no segment`);
  return Number(entry);
}
