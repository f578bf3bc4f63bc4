// A recording as a file: the container that checkpoints have too. Its header says which machine it is, what reached it and how the
// run ended.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { crc32 } from '../../base/crc32.ts';
import { InputError } from '../../base/errors.ts';
import { ContainerKind, decodeContainer, encodeContainer } from '../../snapshot/format.ts';
import type { ByteSource } from '../../snapshot/format.ts';
import type { JournalData } from '../../vm/journal.ts';
import { readInputFile } from '../input-file.ts';
import { isJournal } from './journal-check.ts';
import type { OutputDigest } from './tape.ts';

/** Values of options, as their tables give them. */
export type PlainOptions = { readonly [name: string]: null | boolean | number | string | readonly string[] };

export interface RecordedFile {
  readonly path: string;
  readonly bytes: number;
  readonly crc: number;
}

export interface Recording {
  readonly command: 'run' | 'restore';
  /** The options that say which machine it is and what it runs. Paths are as they were given: guests are told them. */
  readonly guest: PlainOptions;
  /** Where relative paths start. */
  readonly directory: string;
  readonly files: readonly RecordedFile[];
  /** Hash of all memory at the start. */
  readonly memory: string;
  readonly journal: JournalData;
  readonly result: {
    readonly status: number;
    /** Instructions retired by all vCPUs, in decimal. */
    readonly retired: string;
    readonly memory: string;
    readonly outputs: { readonly [name: string]: OutputDigest };
  };
}

/** Options whose values are paths of files that the machine is made of. */
const FILES: readonly string[] = ['image', 'kernel', 'initrd', 'module', 'bios', 'optionRom', 'disk', 'floppy'];

/** The files that `guest` names, as they are now, and where it names them from. */
export function identified(guest: PlainOptions): Pick<Recording, 'guest' | 'directory' | 'files'> {
  const paths = FILES.flatMap((name) => {
    const value = guest[name];
    return typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : [];
  });
  return { guest, directory: resolve('.'), files: paths.map((path) => identify(resolve(path))) };
}

function identify(path: string): RecordedFile {
  const bytes = readInputFile(path, 'file');
  return { path, bytes: bytes.length, crc: crc32(bytes) };
}

/** InputError, naming it, for a file that is not as it was when the recording at `name` was made. */
export function requireUnchanged(name: string, files: readonly RecordedFile[]): void {
  for (const { path, bytes, crc } of files) {
    const isGone = statSync(path, { throwIfNoEntry: false }) === undefined;
    if (isGone) throw new InputError(`${name}: the recorded run used '${path}', which is not there`);
    const now = identify(path);
    if (now.bytes !== bytes || now.crc !== crc) throw new InputError(`${name}: '${path}' has changed since the run was recorded`);
  }
}

export const encodeRecording = (recording: Recording): Generator<Uint8Array, number> =>
  encodeContainer(ContainerKind.RECORDING, { ...recording }, []);

/** InputError, one line, for a file that is damaged, of another version or kind, or does not hold a recording. */
export function decodeRecording(source: ByteSource): Recording {
  const { header } = decodeContainer(source, ContainerKind.RECORDING);
  const require = (holds: boolean, field: string): void => {
    if (!holds) throw new InputError(`${source.name}: the header's field ${field} is not what this build writes`);
  };
  const { command, guest, directory, files, memory, journal, result } = header;
  require(command === 'run' || command === 'restore', 'command');
  require(isObject(guest) && Object.values(guest).every(isOption), 'guest');
  require(typeof directory === 'string', 'directory');
  require(Array.isArray(files) && files.every(isFile), 'files');
  require(isHash(memory), 'memory');
  require(isJournal(journal), 'journal');
  require(isObject(result) && isCount(result['status']) && isHash(result['memory']), 'result');
  const { retired, outputs } = result as { readonly [name: string]: unknown };
  require(typeof retired === 'string' && /^\d{1,20}$/.test(retired), 'result');
  require(isObject(outputs) &&
    Object.values(outputs).every((digest) => isObject(digest) && isCount(digest['bytes']) && isCount(digest['crc'])), 'result');
  return header as unknown as Recording;
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
const isFile = (value: unknown): boolean =>
  isObject(value) && typeof value['path'] === 'string' && isCount(value['bytes']) && isCount(value['crc']);
const isOption = (value: unknown): boolean =>
  value === null ||
  typeof value === 'boolean' ||
  typeof value === 'string' ||
  isCount(value) ||
  (Array.isArray(value) && value.every((item) => typeof item === 'string'));
