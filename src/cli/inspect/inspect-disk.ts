// A disk with a boot sector: its geometry, its partition table, and what the machine would do with it.

import { Disk, SECTOR_BYTES } from '../../machine/bios/disk.ts';
import { hex } from '../guest/vector-names.ts';
import type { Inspection } from './inspection.ts';

const TABLE_AT = 446;
const ENTRY_BYTES = 16;
const ENTRIES = 4;
const BOOTABLE = 0x80;
const SIGNATURE = 0xaa55;
const LOAD_ADDRESS = 0x7c00;

interface Partition {
  readonly number: number;
  readonly bootable: boolean;
  readonly type: number;
  readonly first: number;
  readonly sectors: number;
}

/** InputError for a disk that could not be booted. */
export function inspectDisk(path: string, bytes: Uint8Array): Inspection {
  const disk = new Disk({ name: path, bytes });
  const {
    geometry: { cylinders, heads, sectorsPerTrack },
    drive,
    sectors,
  } = disk;
  const partitions = partitionsOf(bytes);
  const kind = disk.diskette ? 'diskette' : 'fixed disk';
  return {
    text: [
      `${path}: boot-sector, ${bytes.length} bytes, entry ${hex(LOAD_ADDRESS)}, signature ${hex(SIGNATURE)}`,
      `  ${kind}, drive ${hex(drive)}: ${sectors} sectors, ${cylinders} cylinders of ${heads} heads of ${sectorsPerTrack} sectors`,
      ...partitions.map(
        ({ number, bootable, type, first, sectors: count }) =>
          `  partition ${number}: type ${hex(type)}, sectors ${first} … ${first + count - 1}${bootable ? ', bootable' : ''}`,
      ),
    ],
    data: {
      path,
      type: 'image',
      kind: 'boot-sector',
      bytes: bytes.length,
      loadable: true,
      entry: LOAD_ADDRESS,
      signature: SIGNATURE,
      drive,
      sectors,
      geometry: { cylinders, heads, sectorsPerTrack },
      partitions,
    },
  };
}

/** The entries in use; none if one of the four is no entry, since then code or data stands there. */
function partitionsOf(bytes: Uint8Array): Partition[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR_BYTES);
  const partitions: Partition[] = [];
  for (let n = 0; n < ENTRIES; n++) {
    const at = TABLE_AT + n * ENTRY_BYTES;
    const status = view.getUint8(at);
    const type = view.getUint8(at + 4);
    const first = view.getUint32(at + 8, true);
    const sectors = view.getUint32(at + 12, true);
    if (status !== 0 && status !== BOOTABLE) return [];
    if (type !== 0 && sectors > 0) partitions.push({ number: n + 1, bootable: status === BOOTABLE, type, first, sectors });
  }
  return partitions;
}
