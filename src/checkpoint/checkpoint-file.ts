// A base or a cycle as a container (snapshot/format.ts): what its header says, and the check of what a file claims.

import { BLOCK_BYTES } from '../base/blocks.ts';
import type { BlockImage, BlockImages } from '../base/blocks.ts';
import { InputError } from '../base/errors.ts';
import { ContainerKind, decodeContainer, encodeContainer } from '../snapshot/format.ts';
import type { ByteSource, Checksum, Container, Header } from '../snapshot/format.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { VmCore } from '../vm/save.ts';
import type { BaseCheckpoint, DeltaCheckpoint, GuestEnd, KeptDisk, MachineDescription } from './store.ts';

/** The file in pieces; the generator's result is its CRC. The image of a disk is a section of its own, the last. */
export function encodeBase(
  { pages, blocks, machine, state, hash, disk }: BaseCheckpoint,
  checksum?: Checksum,
): Generator<Uint8Array, number> {
  const kept = disk ? { disk: { name: disk.name, kind: disk.kind, bytes: disk.bytes.length } } : {};
  const header = { machine, state, hash, blocks: [...blocks.keys()], ...kept };
  return encodeContainer(
    ContainerKind.CHECKPOINT_BASE,
    header,
    [pages, ...blocks.values(), ...(disk ? [blocksOf(disk.bytes)] : [])],
    checksum,
  );
}

/** `previous`: the CRC of the file that this cycle continues. By it, files of different runs are told apart. */
export function encodeDelta(
  { pages, blocks, cpid, state, hash, end }: DeltaCheckpoint,
  previous: number,
  checksum?: Checksum,
): Generator<Uint8Array, number> {
  const header = { cpid, previous, state, hash, end, blocks: [...blocks.keys()] };
  return encodeContainer(ContainerKind.CHECKPOINT_CYCLE, header, [pages, ...blocks.values()], checksum);
}

/** InputError, one line, for a file that is damaged, of another version or kind, or does not hold a base. */
export function decodeBase(source: ByteSource): BaseCheckpoint & { readonly crc: number } {
  const container = decodeContainer(source, ContainerKind.CHECKPOINT_BASE);
  const { header, crc } = container;
  const machine = { nsPerTick: FORMER_NS_PER_TICK, ...field(source, header, 'machine', isMachine) };
  const state = field(source, header, 'state', isState);
  requireVcpus(source, state, machine.vcpus);
  const hash = field(source, header, 'hash', isHash);
  if (!Object.hasOwn(header, 'disk')) return { machine, state, hash, ...contentsOf(source, container), crc };
  const { bytes: length, ...disk } = field(source, header, 'disk', isDisk);
  const sections = container.sections.slice(0, -1);
  const bytes = bytesOf(source, container.sections.at(-1), length);
  return { machine, state, hash, ...contentsOf(source, { ...container, sections }), crc, disk: { ...disk, bytes } };
}

/** `bytes` as blocks; the last is filled up with zeros. */
function blocksOf(bytes: Uint8Array): BlockImage {
  const count = Math.ceil(bytes.length / BLOCK_BYTES);
  return new Map(Array.from({ length: count }, (_, n) => [n, blockAt(bytes, n)]));
}

/** A copy, since whoever compares blocks does so by words. */
function blockAt(bytes: Uint8Array, n: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(bytes.subarray(n * BLOCK_BYTES, (n + 1) * BLOCK_BYTES));
  return block;
}

function bytesOf(source: ByteSource, image: BlockImage | undefined, length: number): Uint8Array {
  const count = Math.ceil(length / BLOCK_BYTES);
  if (image?.size !== count) throw new InputError(`${source.name}: a disk of ${length} bytes, but ${image?.size ?? 0} blocks of it`);
  const bytes = new Uint8Array(count * BLOCK_BYTES);
  for (const [n, block] of image) {
    if (n >= count) throw new InputError(`${source.name}: block ${n} lies beyond the disk's end`);
    bytes.set(block, n * BLOCK_BYTES);
  }
  return bytes.subarray(0, length);
}

/** The same for a cycle of a machine with `vcpus` vCPUs; null if that is not known. */
export function decodeDelta(
  source: ByteSource,
  vcpus: number | null,
): DeltaCheckpoint & { readonly previous: number; readonly crc: number } {
  const container = decodeContainer(source, ContainerKind.CHECKPOINT_CYCLE);
  const { header, crc } = container;
  const state = field(source, header, 'state', isState);
  requireVcpus(source, state, vcpus ?? state.vcpus.length);
  return {
    cpid: field(source, header, 'cpid', isCount),
    previous: field(source, header, 'previous', isCount),
    state,
    hash: field(source, header, 'hash', isHash),
    end: field(source, header, 'end', isEnd),
    ...contentsOf(source, container),
    crc,
  };
}

/** The first section is memory, the others are those of the devices that the header names. */
function contentsOf(
  source: ByteSource,
  { header, sections: [pages, ...others] }: Container,
): { readonly pages: MemoryImage; readonly blocks: BlockImages } {
  const names = field(source, header, 'blocks', isNames);
  if (pages === undefined || others.length !== names.length) {
    throw new InputError(
      `${source.name}: it has ${pages === undefined ? 0 : others.length + 1} sections, but the header names ${names.length} beside memory`,
    );
  }
  return { pages, blocks: new Map(names.map((name, n): [string, BlockImage] => [name, others[n]!])) };
}

function field<T>(source: ByteSource, header: Header, name: string, is: (value: unknown) => value is T): T {
  const value = Object.hasOwn(header, name) ? header[name] : undefined;
  if (!is(value)) throw new InputError(`${source.name}: the header's field ${name} is not what this build writes`);
  return value;
}

function requireVcpus(source: ByteSource, state: VmCore, vcpus: number): void {
  if (state.vcpus.length !== vcpus || state.turns.current >= vcpus) {
    throw new InputError(`${source.name}: the state is that of ${state.vcpus.length} vCPUs, the machine has ${vcpus}`);
  }
}

type Fields = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string') && new Set(value).size === value.length;
const isHash = (value: unknown): value is string | null => value === null || (typeof value === 'string' && /^[0-9a-f]{16}$/.test(value));

const isDisk = (value: unknown): value is Omit<KeptDisk, 'bytes'> & { readonly bytes: number } =>
  isObject(value) &&
  typeof value['name'] === 'string' &&
  (value['kind'] === 'fixed' || value['kind'] === 'diskette') &&
  isCount(value['bytes']);

/** Nanoseconds of a tick in files that do not say it. */
const FORMER_NS_PER_TICK = 10;

const isMachine = (value: unknown): value is Omit<MachineDescription, 'nsPerTick'> & Partial<Pick<MachineDescription, 'nsPerTick'>> =>
  isObject(value) &&
  isCount(value['memory']) &&
  isCount(value['vcpus']) &&
  isCount(value['quantum']) &&
  (value['nsPerTick'] === undefined || (isCount(value['nsPerTick']) && value['nsPerTick'] > 0)) &&
  (value['rom'] === undefined || isCount(value['rom']));

/** Checks the outline alone; each component checks its own part when it is restored. */
function isState(value: unknown): value is VmCore {
  if (!isObject(value)) return false;
  const { version, ticks, turns, vcpus, platform } = value;
  return (
    isCount(version) &&
    isCount(ticks) &&
    isObject(turns) &&
    isCount(turns['current']) &&
    Number.isSafeInteger(turns['left']) &&
    Array.isArray(vcpus) &&
    vcpus.every((vcpu) => isObject(vcpu) && isObject(vcpu['registers']) && isObject(vcpu['tlb'])) &&
    (platform === null || isObject(platform))
  );
}

const isFault = (value: unknown): boolean =>
  isObject(value) &&
  isCount(value['vector']) &&
  (value['errorCode'] === null || isCount(value['errorCode'])) &&
  Number.isSafeInteger(value['linear']) &&
  Number.isSafeInteger(value['rip']) &&
  (value['delivering'] === null || isCount(value['delivering']));

function isEnd(value: unknown): value is GuestEnd | null {
  if (value === null) return true;
  if (!isObject(value)) return false;
  const { kind, chain } = value;
  return (
    kind === 'hlt' ||
    (kind === 'debug-exit' && isCount(value['value'])) ||
    (kind === 'shutdown' && Array.isArray(chain) && chain.every(isFault))
  );
}
