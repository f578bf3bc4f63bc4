// Boot sectors under both engines in lockstep, each from the state in which the firmware enters it.

import { createPc } from '../../../src/machine/pc.ts';
import type { VmState } from '../../../src/vm/save.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { lockstep } from '../../lockstep/support/lockstep.ts';
import { randomOf } from '../../mt/laws/machine.ts';
import { BOOT, BiosRig, DISKETTE_SECTORS, MIB, diskImage } from '../../bios/support.ts';
import type { Random } from '../random-code.ts';
import { mutatedDisk, randomSector } from './sectors.ts';

const PAGE = 4096;
const MEMORY = 2 * MIB;

/** Two machines at the first instruction of a boot sector, for any number of them one after the other. */
export interface BootPair {
  readonly machines: readonly [Vm, Vm];
  readonly fresh: VmState;
  readonly memory: Uint8Array;
}

export function bootPair(engine: 'auto' | 'translator'): BootPair {
  const image = diskImage(DISKETTE_SECTORS);
  const make = (name: 'interpreter' | typeof engine): Vm => new BiosRig({ image, memory: MEMORY, engine: name }).vm;
  const machines = [make('interpreter'), make(engine)] as const;
  return { machines, fresh: machines[0].save(), memory: machines[0].readMemory(0, MEMORY).slice() };
}

/** Puts the machine's RAM back, where it differs, and the sector into it. */
function reload(vm: Vm, { fresh, memory }: BootPair, sector: Uint8Array): void {
  for (let gfn = 0; gfn < MEMORY / PAGE; gfn++) {
    const wanted = memory.subarray(gfn * PAGE, (gfn + 1) * PAGE);
    if (Buffer.compare(vm.page(gfn)!, wanted) !== 0) vm.writeMemory(gfn * PAGE, wanted);
  }
  vm.writeMemory(BOOT, sector);
  vm.restore(fresh);
}

const SLICES = [1, 7, 40, 200, 500, 1500] as const;
/** Waiting for what does not come counts as slices but not as instructions. */
const MAX_SLICES = 200;

export interface SectorEnd {
  readonly retired: number;
  readonly exit: string;
}

/** Runs sector `seed` for at most `limit` instructions. Error, with what differs, unless both engines do the same. */
export function runSector(pair: BootPair, seed: number, limit: number): SectorEnd {
  const random = randomOf(seed);
  const sector = randomSector(random);
  const [reference, subject] = pair.machines;
  for (const vm of pair.machines) reload(vm, pair, sector);
  const { retired, exit } = lockstep(reference, subject, { slice: () => SLICES[random(SLICES.length)]!, limit, maxSlices: MAX_SLICES });
  return { retired, exit: exit.kind };
}

function randomDisk(random: Random): Uint8Array {
  const image = diskImage(DISKETTE_SECTORS);
  image.set(randomSector(random));
  return image;
}

/** The same from the reset vector, with the sector on a disk of its own, or a guest's disk with some of its bytes changed. */
export function bootSector(seed: number, limit: number): SectorEnd {
  const random = randomOf(seed);
  const image = random(2) ? randomDisk(random) : mutatedDisk(random);
  const [reference, subject] = (['interpreter', 'auto'] as const).map(
    (engine) => createPc({ memory: MEMORY, engine, disk: { name: 'random', bytes: image } }).vm,
  ) as [Vm, Vm];
  const { retired, exit } = lockstep(reference, subject, { slice: () => 1 + random(4000), limit, maxSlices: MAX_SLICES });
  return { retired, exit: exit.kind };
}
