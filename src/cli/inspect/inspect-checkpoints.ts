import { ContainerKind, decodeContainer, FORMAT_MAJOR } from '../../snapshot/format.ts';
import { decodeBase, decodeDelta } from '../../checkpoint/checkpoint-file.ts';
import type { MachineDescription } from '../../checkpoint/store.ts';
import type { MemoryImage } from '../../snapshot/memory-image.ts';
import type { VmCore } from '../../vm/save.ts';
import { DirectoryStore, withFile } from '../checkpoint-directory.ts';
import { showSize } from '../values.ts';
import type { BlockImages } from '../../base/blocks.ts';
import { InputError } from '../../base/errors.ts';
import type { Inspection } from './inspection.ts';

interface Part {
  readonly cycle: number;
  readonly bytes: number;
  readonly instructions: number;
  readonly pages: MemoryImage;
  /** Blocks of the disk. */
  readonly blocks: number;
  readonly end: string | null;
}

const count = (blocks: BlockImages): number => [...blocks.values()].reduce((sum, { size }) => sum + size, 0);

const retiredOf = (state: VmCore): number => state.vcpus.reduce((sum, { registers }) => sum + Number(registers['retired']), 0);

const machineText = ({ memory, vcpus }: MachineDescription): string =>
  `${showSize(memory)} of memory, ${vcpus} vCPU${vcpus === 1 ? '' : 's'}`;

function partText({ cycle, bytes, instructions, pages, blocks, end }: Part): string {
  const name = cycle === 0 ? 'base' : `cycle ${cycle}`;
  const ended = end === null ? '' : `, the guest's end (${end})`;
  const disk = blocks > 0 ? `${blocks} disk blocks, ` : '';
  return `  ${name}: ${pages.size} pages, ${disk}${bytes} bytes, after ${instructions} instructions${ended}`;
}

const partData = ({ pages, ...part }: Part): object => ({ ...part, pages: pages.size, gfns: [...pages.keys()] });

/** A cycle that cannot be read. */
interface Broken {
  readonly cycle: number;
  readonly wrong: string;
}

function cycleOf(store: DirectoryStore, cycle: number): Part | Broken {
  try {
    const { state, pages, blocks, end } = store.delta(cycle);
    return { cycle, bytes: store.fileSize(cycle), instructions: retiredOf(state), pages, blocks: count(blocks), end: end?.kind ?? null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { cycle, wrong: error.message };
  }
}

const stateText = (last: number, [first]: readonly Broken[]): string =>
  first === undefined ? 'all checksums right' : `cycles ${first.cycle} to ${last} cannot be restored`;

/**
 * All checkpoints of a run. InputError for a directory that holds none, or whose base is damaged. Cycles that are damaged or missing
 * are listed with what is wrong. None from the first of them on can be restored.
 */
export function inspectDirectory(path: string): Inspection {
  const store = DirectoryStore.open(path);
  const { machine, state, pages, blocks } = store.base();
  const parts: Part[] = [{ cycle: 0, bytes: store.fileSize(0), instructions: retiredOf(state), pages, blocks: count(blocks), end: null }];
  const broken: Broken[] = [];
  for (let cycle = 1; cycle <= store.lastCycle; cycle++) {
    const part = cycleOf(store, cycle);
    if ('wrong' in part) broken.push(part);
    else parts.push(part);
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    text: [
      `${path}: checkpoints of a machine with ${machineText(machine)}; ${store.lastCycle} cycles, ${bytes} bytes, ` +
        stateText(store.lastCycle, broken),
      ...[
        ...parts.map((part) => [part.cycle, partText(part)] as const),
        ...broken.map(({ cycle, wrong }) => [cycle, `  cycle ${cycle}: ${wrong}`] as const),
      ]
        .sort(([a], [b]) => a - b)
        .map(([, text]) => text),
    ],
    data: { path, type: 'checkpoints', format: FORMAT_MAJOR, machine, cycles: store.lastCycle, bytes, parts: parts.map(partData), broken },
    problem: broken[0] === undefined ? null : `${broken[0].wrong}; ${stateText(store.lastCycle, broken)}`,
  };
}

/** One file of a run. InputError if it is damaged. */
export function inspectFile(path: string): Inspection {
  return withFile(path, (source) => {
    const { kind } = decodeContainer(source);
    if (kind === ContainerKind.CHECKPOINT_BASE) {
      const { machine, state, pages, blocks } = decodeBase(source);
      const part: Part = { cycle: 0, bytes: source.length, instructions: retiredOf(state), pages, blocks: count(blocks), end: null };
      return {
        text: [`${path}: the base of checkpoints of a machine with ${machineText(machine)}, checksum right`, partText(part)],
        data: { path, type: 'checkpoint-base', format: FORMAT_MAJOR, machine, ...partData(part) },
      };
    }
    const { cpid, state, pages, blocks, end } = decodeDelta(source, null);
    const part: Part = {
      cycle: cpid,
      bytes: source.length,
      instructions: retiredOf(state),
      pages,
      blocks: count(blocks),
      end: end?.kind ?? null,
    };
    return {
      text: [`${path}: a checkpoint cycle, checksum right`, partText(part)],
      data: { path, type: 'checkpoint-cycle', format: FORMAT_MAJOR, ...partData(part) },
    };
  });
}
