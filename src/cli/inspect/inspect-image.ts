import { InputError } from '../../base/errors.ts';
import { loadImage, recogniseImage } from '../../boot/image.ts';
import type { ImageContent } from '../../boot/image.ts';
import type { BootTarget, LoadedImage, PlacedRange } from '../../boot/target.ts';
import { defaultMemslots, MAX_RAM } from '../../vm/config.ts';
import { hex } from '../guest/vector-names.ts';
import type { Inspection } from './inspection.ts';

/** A machine with all the memory there can be, into which loading writes nothing. */
const NOWHERE: BootTarget = {
  memory: defaultMemslots(MAX_RAM).map(({ guestPhysAddr, memorySize }) => ({ base: guestPhysAddr, size: memorySize })),
  write() {},
  setEntry() {},
};

/** What can be recognised but not be entered. */
const ONLY_RECOGNISED: readonly ImageContent[] = ['boot-sector'];

/** The image as loading sees it. InputError for a file that is no image, or a malformed one. */
export function inspectImage(path: string, bytes: Uint8Array): Inspection {
  const content = recogniseImage(bytes);
  if (ONLY_RECOGNISED.includes(content)) return unloadable(path, bytes, content);
  const image = loadImage(path, bytes, NOWHERE);
  return {
    text: [`${path}: ${image.kind}, ${bytes.length} bytes, entry ${hex(image.entry)}`, ...image.segments.map(rangeText)],
    data: { path, type: 'image', kind: image.kind, bytes: bytes.length, loadable: true, entry: image.entry, segments: segmentsData(image) },
  };
}

function unloadable(path: string, bytes: Uint8Array, kind: ImageContent): Inspection {
  const reason = reasonWhyNot(path, bytes);
  return {
    text: [`${path}: ${kind}, ${bytes.length} bytes; cannot be entered: ${reason}`],
    data: { path, type: 'image', kind, bytes: bytes.length, loadable: false, reason },
  };
}

function reasonWhyNot(path: string, bytes: Uint8Array): string {
  try {
    loadImage(path, bytes, NOWHERE);
    return '';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.replace(`${path}: `, '');
  }
}

const rangeText = ({ what, base, size }: PlacedRange): string => `  ${hex(base)} … ${hex(base + size)}  ${size} bytes  ${what}`;

const segmentsData = ({ segments }: LoadedImage): object[] => segments.map(({ what, base, size }) => ({ what, base, size }));
