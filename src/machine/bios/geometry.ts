// Cylinders, heads and sectors of a disk that has none: of a diskette by its size, of a fixed disk by "LBA-assisted
// translation", which keeps 63 sectors a track and doubles the heads until the cylinders fit ten bits.

/** INT 13H addresses a sector by ten bits of cylinder, eight of head and six of sector, which counts from 1. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

export interface Diskette extends Geometry {
  readonly sectors: number;
  /** The drive type that INT 13H, AH = 08H gives in BL, and CMOS byte 10H has. */
  readonly driveType: number;
}

export const MAX_CYLINDERS = 1024;

/** The standard formats: KiB, tracks a side, sides, sectors a track, drive type. */
const DISKETTES = [
  [160, 40, 1, 8, 1],
  [180, 40, 1, 9, 1],
  [320, 40, 2, 8, 1],
  [360, 40, 2, 9, 1],
  [720, 80, 2, 9, 3],
  [1200, 80, 2, 15, 2],
  [1440, 80, 2, 18, 4],
  [1680, 80, 2, 21, 4],
  [1722, 82, 2, 21, 4],
  [2880, 80, 2, 36, 6],
] as const;

/** The diskette format that has exactly so many sectors of 512 bytes, or null. */
export function disketteOf(sectors: number): Diskette | null {
  const found = DISKETTES.find(([kib]) => kib * 2 === sectors);
  if (!found) return null;
  const [, cylinders, heads, sectorsPerTrack, driveType] = found;
  return { sectors, cylinders, heads, sectorsPerTrack, driveType };
}

/** Formats that an image of another size is filled up to: 3.5 inches, high and extra-high density. */
const COMMON = [2880, 5760] as const;

/** The format of a diskette whose image has so many sectors: that of exactly this size, else the least common one that holds them. */
export function disketteFor(sectors: number): Diskette | null {
  const common = COMMON.find((size) => size >= sectors);
  return disketteOf(sectors) ?? (common === undefined ? null : disketteOf(common));
}

/** LBA-assisted translation for a fixed disk of so many sectors. */
export function fixedDiskGeometry(sectors: number): Geometry {
  const sectorsPerTrack = 63;
  let heads = 16;
  while (heads < 128 && sectors > MAX_CYLINDERS * heads * sectorsPerTrack) heads *= 2;
  if (sectors > MAX_CYLINDERS * heads * sectorsPerTrack) heads = 255;
  const cylinders = Math.floor(sectors / (heads * sectorsPerTrack));
  return { cylinders: Math.min(MAX_CYLINDERS, Math.max(1, cylinders)), heads, sectorsPerTrack };
}
