// What a recording holds: which guest, what reached it, how it ended.

import { ContainerKind, bytesSource, isContainer } from '../../snapshot/format.ts';
import { decodeRecording } from '../record/recording.ts';
import type { Inspection } from './inspection.ts';

const KIND_AT = 12;

/** Whether `bytes`, a file's, begin as a recording does. */
export const isRecording = (bytes: Uint8Array): boolean =>
  isContainer(bytes) &&
  bytes.length >= KIND_AT + 4 &&
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(KIND_AT, true) === ContainerKind.RECORDING;

/** InputError as `decodeRecording`. */
export function inspectRecording(path: string, bytes: Uint8Array): Inspection {
  const recording = decodeRecording(bytesSource(path, new Uint8Array(bytes)));
  const { command, files, directory, journal, result } = recording;
  const kinds = new Map<string, number>();
  for (const { input } of journal.entries) kinds.set(input.kind, (kinds.get(input.kind) ?? 0) + 1);
  const inputs = [...kinds].map(([kind, count]) => `${count} of kind ${kind}`).join(', ') || 'none';
  const text = [
    `${path}: recording of 'tidemark ${command}' in ${directory}`,
    ...files.map((file) => `file ${file.path}, ${file.bytes} bytes, CRC-32 ${file.crc.toString(16).padStart(8, '0')}`),
    `ticks ${journal.start.at.ticks} to ${journal.end.at.ticks}; inputs: ${inputs}`,
    `ended with status ${result.status} after ${result.retired} instructions, memory ${result.memory}`,
  ];
  return { text, data: recording };
}
