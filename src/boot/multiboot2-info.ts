// What a multiboot 2 kernel is told: the information EBX points to, a list of tags (Multiboot2 Specification 2.0, "Boot
// information format") and the machine state ("I386 machine state").

import { Packer, cString } from './bytes.ts';
import { protected32 } from './entry-state.ts';
import { CONVENTIONAL_END, ADAPTER_END, memoryMap } from './memory-map.ts';
import { moduleString, placeModule } from './modules.ts';
import { LOADER_NAME, contiguousKib } from './multiboot-info.ts';
import type { Placement } from './placement.ts';
import type { BootOptions, BootTarget, EntryState } from './target.ts';

const LOADER_MAGIC = 0x36d76289;
const InfoTag = { END: 0, CMDLINE: 1, LOADER_NAME: 2, MODULE: 3, MEMORY: 4, MMAP: 6 } as const;
const MMAP_ENTRY_BYTES = 24;
const MMAP_VERSION = 0;

/** Types of information that a kernel may insist on. */
export const PROVIDED: ReadonlySet<number> = new Set(Object.values(InfoTag));

/** Builds the information in free RAM and gives the state to enter with. */
export function enterMultiboot2(entry: number, placement: Placement, target: BootTarget, options: BootOptions): EntryState {
  const tags: Uint8Array[] = [
    tag(InfoTag.CMDLINE, cString(options.append ?? '', 'the command line')),
    tag(InfoTag.LOADER_NAME, cString(LOADER_NAME, 'the boot loader name')),
    tag(InfoTag.MEMORY, words(contiguousKib(target, 0, CONVENTIONAL_END), contiguousKib(target, ADAPTER_END, 2 ** 32))),
    tag(InfoTag.MMAP, memoryTag(target)),
  ];
  for (const module of options.modules ?? []) {
    const { base, size } = placeModule(placement, module);
    tags.push(tag(InfoTag.MODULE, joined([words(base, base + size), moduleString(module)])));
  }
  tags.push(tag(InfoTag.END, new Uint8Array()));
  const body = joined(tags);
  const info = joined([words(body.length + 8, 0), body]);
  return protected32(placement, entry, { rax: LOADER_MAGIC, rbx: placement.put('multiboot information', info, 8) });
}

const words = (...values: number[]): Uint8Array => new Packer().u32(...values).bytes();

function memoryTag(target: BootTarget): Uint8Array {
  const map = new Packer().u32(MMAP_ENTRY_BYTES, MMAP_VERSION);
  for (const { base, size, type } of memoryMap(target.memory)) map.u64(base, size).u32(type, 0);
  return map.bytes();
}

/** A tag with its header; the next begins on an 8-byte boundary, which the size does not count. */
function tag(type: number, contents: Uint8Array): Uint8Array {
  const size = 8 + contents.length;
  const bytes = new Uint8Array(Math.ceil(size / 8) * 8);
  bytes.set(words(type, size));
  bytes.set(contents, 8);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
