import { requireOneOf, shown } from '../base/arguments.ts';
import { InputError, KvmError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { Platform, PlatformHost } from '../base/platform.ts';
import type { MachineShape } from '../base/state/regions.ts';
import type { MemslotRequest } from '../mmu/memslots.ts';
import type { TrackingMethod } from '../mmu/tracking.ts';
import { DEFAULT_NS_PER_TICK } from './clock.ts';
import type { Wrap } from './seams.ts';

export const GIB = 1024 ** 3;
/** RAM below this is at GPA 0 …; what is beyond goes to 4 GiB …, so that high RAM is exercised. */
export const LOW_RAM_LIMIT = 2 * GIB;
export const HIGH_RAM_BASE = 4 * GIB;
export const MAX_RAM = 3 * GIB;
/** GPAs have MAXPHYADDR bits. */
const MAX_GPA = 2 ** 40;

/** `auto` translates hot code, `translator` whatever it can at once, `interpreter` nothing. */
export const ENGINES = ['auto', 'interpreter', 'translator'] as const;
const TRACKING_METHODS: readonly TrackingMethod[] = ['none', 'write-protect', 'pml'];

/** What a machine is built from. */
export interface VmConfig {
  /** Bytes of RAM, whole pages, up to 3 GiB: slot 0 from GPA 0, slot 1 from 4 GiB for what exceeds 2 GiB. */
  readonly memory: number;
  /** 1 … 30. Only vCPU 0 starts active. */
  readonly vcpus?: number;
  /** What the modelled host hardware offers to tracking. */
  readonly tracking?: TrackingMethod;
  /** Shared memory, so that fetchers may run on worker threads. */
  readonly threads?: boolean;
  /** The engine; `auto` chooses by itself. */
  readonly engine?: (typeof ENGINES)[number];
  /** Retired instructions of one turn when several vCPUs run. */
  readonly quantum?: number;
  /**
   * Virtual nanoseconds of a tick, which is what an instruction takes: a whole number from 1 to 1000, 10 if not given. The time-stamp
   * counter counts ticks.
   */
  readonly nsPerTick?: number;
  /** RAM beyond `memory`, for memslots added later, and the GPA below which they must lie. */
  readonly spareMemory?: number;
  /** GPA below which memslots that are added later must lie; the end of RAM if not given. */
  readonly gpaLimit?: number;
  /** Bytes of read-only memory that end at 4 GiB, where firmware lies: whole pages, at most 16 MiB. Written from the host's side. */
  readonly rom?: number;
  /** The board; without one every port and MMIO access is an exit, and HLT comes back at once. */
  readonly platform?: (host: PlatformHost) => Platform;
  /** What an access that the board does not claim does: an exit (default without a board), or reads of all ones. */
  readonly unclaimed?: 'exit' | 'float';
  /**
   * Called once the machine is built. It may wrap the machine's parts: tests build a mistake into them so.
   * @internal
   */
  readonly wrap?: Wrap;
  /** Keep a shadow of memory and check each quiesce for lost writes. */
  readonly verify?: boolean;
}

/** GPA at which `rom` ends. */
export const ROM_END = 4 * GIB;
const MAX_ROM = 16 * 1024 ** 2;
/** The last slot number there is, so that none that a user takes is in the way. */
const ROM_SLOT = 32763;

export const DEFAULT_QUANTUM = 20_000;
export const MAX_NS_PER_TICK = 1000;

/** Checks the configuration (InputError, KvmError) and gives the machine's shape. */
export function shapeOf(config: VmConfig): MachineShape {
  const { memory, vcpus = 1, spareMemory = 0, quantum = DEFAULT_QUANTUM, engine = 'auto', tracking = 'none' } = config;
  if (!Number.isSafeInteger(memory) || memory <= 0) throw new InputError(`memory size ${shown(memory)} is not a positive number of bytes`);
  if (memory % PAGE_SIZE !== 0) throw new InputError(`memory size ${memory} is not a multiple of ${PAGE_SIZE} bytes`);
  if (!Number.isSafeInteger(spareMemory) || spareMemory < 0 || spareMemory % PAGE_SIZE !== 0) {
    throw new InputError(`spareMemory of ${shown(spareMemory)} bytes is not a whole number of pages`);
  }
  if (memory + spareMemory > MAX_RAM) throw new InputError(`memory size ${memory + spareMemory} exceeds the limit of 3 GiB`);
  if (!Number.isInteger(vcpus) || vcpus < 1 || vcpus > 30) throw new KvmError('EINVAL', `vcpus is ${shown(vcpus)}: 1 to 30 are possible`);
  if (!Number.isInteger(quantum) || quantum < 1) throw new KvmError('EINVAL', `a quantum of ${shown(quantum)} instructions`);
  const { nsPerTick = DEFAULT_NS_PER_TICK } = config;
  if (!Number.isInteger(nsPerTick) || nsPerTick < 1 || nsPerTick > MAX_NS_PER_TICK) {
    throw new KvmError('EINVAL', `nsPerTick is ${shown(nsPerTick)}: 1 to ${MAX_NS_PER_TICK} are possible`);
  }
  requireOneOf('engine', engine, ENGINES);
  requireOneOf('tracking', tracking, TRACKING_METHODS);
  const { rom = 0 } = config;
  if (!Number.isSafeInteger(rom) || rom < 0 || rom % PAGE_SIZE !== 0 || rom > MAX_ROM) {
    throw new InputError(`rom of ${shown(rom)} bytes is not a number of pages up to ${MAX_ROM} bytes`);
  }
  const top = memory <= LOW_RAM_LIMIT ? memory : HIGH_RAM_BASE + (memory - LOW_RAM_LIMIT);
  const gpaLimit = Math.max(top, config.gpaLimit ?? 0, rom > 0 ? ROM_END : 0);
  if (gpaLimit > MAX_GPA || gpaLimit % PAGE_SIZE !== 0) {
    throw new KvmError('EINVAL', `gpaLimit ${gpaLimit} is not a page boundary below 2^40`);
  }
  return { vcpus, gfnLimit: gpaLimit / PAGE_SIZE, ramBytes: memory + spareMemory + rom };
}

/** The memslots that `memory` bytes of RAM are cut into, and that of the ROM. */
export function defaultMemslots(memory: number, rom = 0): MemslotRequest[] {
  const low = Math.min(memory, LOW_RAM_LIMIT);
  const slots: MemslotRequest[] = [{ slot: 0, guestPhysAddr: 0, memorySize: low }];
  if (memory > low) slots.push({ slot: 1, guestPhysAddr: HIGH_RAM_BASE, memorySize: memory - low });
  if (rom > 0) slots.push({ slot: ROM_SLOT, guestPhysAddr: ROM_END - rom, memorySize: rom, readonly: true });
  return slots;
}
