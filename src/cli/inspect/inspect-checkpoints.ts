import { ContainerKind, decodeContainer, FORMAT_MAJOR } from '../../snapshot/format.ts';
import { decodeBase, decodeDelta } from '../../checkpoint/checkpoint-file.ts';
import type { MachineDescription } from '../../checkpoint/store.ts';
import type { MemoryImage } from '../../snapshot/memory-image.ts';
import type { VmCore } from '../../vm/save.ts';
import { DirectoryStore, withFile } from '../checkpoint-directory.ts';
import { showSize } from '../values.ts';
import type { Inspection } from './inspection.ts';

interface Part {
  readonly cycle: number;
  readonly bytes: number;
  readonly instructions: number;
  readonly pages: MemoryImage;
  readonly end: string | null;
}

const retiredOf = (state: VmCore): number => state.vcpus.reduce((sum, { registers }) => sum + Number(registers['retired']), 0);

const machineText = ({ memory, vcpus }: MachineDescription): string =>
  `${showSize(memory)} of memory, ${vcpus} vCPU${vcpus === 1 ? '' : 's'}`;

function partText({ cycle, bytes, instructions, pages, end }: Part): string {
  const name = cycle === 0 ? 'base' : `cycle ${cycle}`;
  const ended = end === null ? '' : `, the guest's end (${end})`;
  return `  ${name}: ${pages.size} pages, ${bytes} bytes, after ${instructions} instructions${ended}`;
}

const partData = ({ pages, ...part }: Part): object => ({ ...part, pages: pages.size, gfns: [...pages.keys()] });

/** All checkpoints of a run. InputError for a directory that holds none, or any file that is damaged or missing. */
export function inspectDirectory(path: string): Inspection {
  const store = DirectoryStore.open(path);
  const { machine, state, pages } = store.base();
  const parts: Part[] = [{ cycle: 0, bytes: store.fileSize(0), instructions: retiredOf(state), pages, end: null }];
  for (let cycle = 1; cycle <= store.lastCycle; cycle++) {
    const { state: after, pages: dirty, end } = store.delta(cycle);
    parts.push({ cycle, bytes: store.fileSize(cycle), instructions: retiredOf(after), pages: dirty, end: end?.kind ?? null });
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    text: [
      `${path}: checkpoints of a machine with ${machineText(machine)}; ${store.lastCycle} cycles, ${bytes} bytes, all checksums right`,
      ...parts.map(partText),
    ],
    data: { path, type: 'checkpoints', format: FORMAT_MAJOR, machine, cycles: store.lastCycle, bytes, parts: parts.map(partData) },
  };
}

/** One file of a run. InputError if it is damaged. */
export function inspectFile(path: string): Inspection {
  return withFile(path, (source) => {
    const { kind } = decodeContainer(source);
    if (kind === ContainerKind.CHECKPOINT_BASE) {
      const { machine, state, pages } = decodeBase(source);
      const part: Part = { cycle: 0, bytes: source.length, instructions: retiredOf(state), pages, end: null };
      return {
        text: [`${path}: the base of checkpoints of a machine with ${machineText(machine)}, checksum right`, partText(part)],
        data: { path, type: 'checkpoint-base', format: FORMAT_MAJOR, machine, ...partData(part) },
      };
    }
    const { cpid, state, pages, end } = decodeDelta(source, null);
    const part: Part = { cycle: cpid, bytes: source.length, instructions: retiredOf(state), pages, end: end?.kind ?? null };
    return {
      text: [`${path}: a checkpoint cycle, checksum right`, partText(part)],
      data: { path, type: 'checkpoint-cycle', format: FORMAT_MAJOR, ...partData(part) },
    };
  });
}
