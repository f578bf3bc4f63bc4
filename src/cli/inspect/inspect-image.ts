import { loadImage, recogniseImage } from '../../boot/image.ts';
import type { BootTarget, LoadedImage, PlacedRange } from '../../boot/target.ts';
import { defaultMemslots, MAX_RAM } from '../../vm/config.ts';
import { hex } from '../guest/vector-names.ts';
import { inspectDisk } from './inspect-disk.ts';
import type { Inspection } from './inspection.ts';

/** A machine with all the memory there can be, into which loading writes nothing. */
const NOWHERE: BootTarget = {
  memory: defaultMemslots(MAX_RAM).map(({ guestPhysAddr, memorySize }) => ({ base: guestPhysAddr, size: memorySize })),
  write() {},
  setEntry() {},
};

/** The image as loading sees it. InputError for a file that is no image, or a malformed one. */
export function inspectImage(path: string, bytes: Uint8Array): Inspection {
  if (recogniseImage(bytes) === 'boot-sector') return inspectDisk(path, bytes);
  const image = loadImage(path, bytes, NOWHERE);
  return {
    text: [`${path}: ${image.kind}, ${bytes.length} bytes, entry ${hex(image.entry)}`, ...image.segments.map(rangeText)],
    data: { path, type: 'image', kind: image.kind, bytes: bytes.length, loadable: true, entry: image.entry, segments: segmentsData(image) },
  };
}

const rangeText = ({ what, base, size }: PlacedRange): string => `  ${hex(base)} … ${hex(base + size)}  ${size} bytes  ${what}`;

const segmentsData = ({ segments }: LoadedImage): object[] => segments.map(({ what, base, size }) => ({ what, base, size }));
