// The notes of an ELF file (System V ABI, "Note Section"), and what they say of whom it is made for.

import { alignUp } from '../base/paging-units.ts';
import type { ImageReader } from './bytes.ts';
import type { ElfImage } from './elf.ts';

export interface ElfNote {
  /** File offsets of the note, and of its descriptor. */
  readonly at: number;
  readonly descriptor: number;
  readonly descriptorSize: number;
  readonly type: number;
}

const HEADER_BYTES = 12;
const WHAT = 'an ELF note';

/** The notes by `owner`, in order. A malformed note ends the search of its segment. */
export function* notesBy(owner: string, file: ImageReader, { notes }: Pick<ElfImage, 'notes'>): Generator<ElfNote> {
  const name = [...owner, '\0'].map((letter) => letter.charCodeAt(0));
  // Notes of a well-formed file do not overlap. The budget bounds the work for many program headers over the same notes.
  let budget = file.length;
  for (const { offset, size } of notes) {
    budget -= size;
    if (budget < 0) return;
    const end = offset + size;
    let at = offset;
    while (at + HEADER_BYTES <= end) {
      const nameSize = file.u32(at, WHAT);
      const descriptorSize = file.u32(at + 4, WHAT);
      const descriptor = at + HEADER_BYTES + alignUp(nameSize, 4);
      if (descriptor + descriptorSize > end) break;
      const isOwners = nameSize === name.length && name.every((byte, n) => file.bytes[at + HEADER_BYTES + n] === byte);
      if (isOwners) yield { at, descriptor, descriptorSize, type: file.u32(at + 8, WHAT) };
      at = descriptor + alignUp(descriptorSize, 4);
    }
  }
}

const NT_GNU_ABI_TAG = 1;
/** First word of that note's descriptor: the system that the program is made for. */
const ELF_NOTE_OS_LINUX = 0;

/** Whether the C library's start code says that this is a program for Linux (glibc's elf.h, "ABI information"). */
export function isLinuxProgram(file: ImageReader, elf: Pick<ElfImage, 'notes'>): boolean {
  for (const { type, descriptor, descriptorSize } of notesBy('GNU', file, elf)) {
    if (type === NT_GNU_ABI_TAG && descriptorSize >= 4) return file.u32(descriptor, WHAT) === ELF_NOTE_OS_LINUX;
  }
  return false;
}
