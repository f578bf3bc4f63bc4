// One small image of each kind that can be loaded, to be damaged.

import { buildBzImage } from '../support/bzimage-builder.ts';
import { buildElf, multiboot2Header, multibootHeader, pvhNote } from '../support/elf-builder.ts';

const code = Array.from({ length: 64 }, (_, i) => i);
export const VALID_IMAGES: readonly Uint8Array[] = [
  buildElf({
    width: 32,
    entry: 0x100000,
    segments: [
      { paddr: 0x100000, bytes: code, memsz: 0x1000 },
      { paddr: 0x200000, bytes: code },
    ],
  }),
  buildElf({
    width: 64,
    entry: 0x100000,
    segments: [
      { paddr: 0x100000, bytes: code, memsz: 0x1000 },
      { paddr: 0x1_0000_0000, bytes: code },
    ],
  }),
  buildElf({ width: 32, entry: 0x100010, segments: [{ paddr: 0x100000, bytes: [...multibootHeader(3), ...code] }] }),
  buildElf({ width: 64, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: code }], note: pvhNote(0x100004) }),
  Uint8Array.from([...multibootHeader(0x10000, 0x100000, 0x100000, 0, 0x101000, 0x100020), ...code]),
  Uint8Array.from([...multiboot2Header([2, 0, 0x100000, 0x100000, 0, 0x101000], [3, 0, 0x100030], [1, 1, 4, 6]), ...code]),
  buildElf({ width: 64, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: [...multiboot2Header([6, 0]), ...code] }] }),
  buildBzImage({ code }),
  buildBzImage({ code, code64: code, relocatable: true }),
];
