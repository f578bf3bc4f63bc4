// What is looked into when a run has not ended as guests do: where the machine stands, and, on a second machine, how it came there.

import { isElf } from '../../boot/elf.ts';
import type { Track } from '../../debug/branch-recorder.ts';
import { runAgain } from '../../debug/run-again.ts';
import type { RanAgain } from '../../debug/run-again.ts';
import { SavePoints } from '../../debug/save-points.ts';
import { Symbols } from '../../debug/symbols.ts';
import { whereItStopped } from '../../debug/where-it-stopped.ts';
import type { WhereItStopped } from '../../debug/where-it-stopped.ts';
import { InputError } from '../../base/errors.ts';
import type { Exit } from '../../vm/exit.ts';
import type { Journal } from '../../vm/journal.ts';
import type { Vm } from '../../vm/vm.ts';
import { loadDisassembler } from './disassembler.ts';
import type { Disassemble } from './disassembler.ts';
import type { StopReason } from './stop.ts';

/** The file that was loaded, where there is one. */
export interface LoadedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Stopped {
  readonly where: WhereItStopped;
  /** Why no branches are known; null if they are. */
  readonly why: string | null;
  /** Null without the package that disassembles. */
  readonly disassemble: Disassemble | null;
}

/** Milliseconds for running again: less for whoever has pressed Ctrl-C, nothing for whoever is about to be killed. */
const PATIENCE = 10_000;
const PATIENCE_OF = { timeout: PATIENCE, quit: 0, SIGINT: 2000, SIGTERM: 0, resumed: 0 } as const;

/** How a run ended that is to be looked into. */
export interface End {
  readonly exit: Exit;
  readonly vcpu: number;
  /** What stopped it from outside, or that the guest had ended before it was resumed; null: the guest itself, or a limit. */
  readonly reason: StopReason | 'resumed' | null;
}

export class PostMortem {
  private readonly points: SavePoints;

  /** `build`: a machine as `vm` was when `journal` began, whose outputs lead nowhere. */
  constructor(
    private readonly vm: Vm,
    private readonly journal: Journal,
    private readonly build: () => Vm,
    private readonly symbols: Symbols | null,
    private readonly image: LoadedFile | null,
  ) {
    this.points = new SavePoints(vm);
  }

  /** Between two slices. */
  look(): void {
    this.points.look();
  }

  /** `stepped`: what was seen on the way to the end, if it was stepped; then nothing is run again. */
  async examine({ exit, vcpu, reason }: End, stepped: readonly Track[] | null): Promise<Stopped> {
    const { vm, image } = this;
    const again: RanAgain = stepped ? { tracks: stepped } : await this.runAgain(reason === null ? PATIENCE : PATIENCE_OF[reason]);
    const isFound = 'tracks' in again;
    return {
      where: whereItStopped(vm, {
        vcpu,
        exit,
        symbols: this.symbols ?? symbolsOf(image),
        tracks: isFound ? again.tracks : null,
        imageBits: image && isElf(image.bytes) ? (image.bytes[4] === 2 ? 64 : 32) : null,
      }),
      why: isFound ? null : again.why,
      disassemble: await loadDisassembler().catch((error: unknown) => {
        if (error instanceof InputError) return null;
        throw error;
      }),
    };
  }

  private async runAgain(milliseconds: number): Promise<RanAgain> {
    if (milliseconds === 0) return { why: 'the run was not run again to find them' };
    const { vm, journal, points } = this;
    let second: Vm;
    try {
      second = this.build();
    } catch (error) {
      return { why: `there is no second machine to run again: ${(error as Error).message}` };
    }
    return runAgain(second, { journal: journal.data(), retired: vm.retired, savePoint: points.newest, milliseconds });
  }
}

/** The image's own symbols; null if it has none that can be read. */
export function symbolsOf(image: LoadedFile | null): Symbols | null {
  if (image === null || !isElf(image.bytes)) return null;
  try {
    return Symbols.parse(image.name, image.bytes);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
