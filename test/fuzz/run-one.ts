// One random image, from its seed, run for a bounded number of instructions. Whatever the guest does is fine; what the host
// may not do is throw anything but an InputError of the loader.

import { InputError } from '../../src/base/errors.ts';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import { METHODS, MIB } from '../laws/support/configurations.ts';
import type { EngineName } from '../laws/support/configurations.ts';
import { outcomeOf } from '../laws/support/outcome.ts';
import type { Outcome } from '../laws/support/outcome.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { buildElf } from '../support/elf-builder.ts';
import { installHandlers } from './handlers.ts';
import { codeLike, mutatedGuest, noise } from './random-code.ts';
import type { Random } from './random-code.ts';
import type { Vm } from '../../src/vm/vm.ts';

export interface EngineChoice {
  readonly engine: EngineName;
  readonly limit: number;
}

/** The translator alone translates everything before it runs once, which pays nowhere less than here. */
const ENGINES: readonly EngineChoice[] = [
  { engine: 'interpreter', limit: 2_500 },
  { engine: 'interpreter', limit: 1_000 },
  { engine: 'auto', limit: 2_500 },
  { engine: 'auto', limit: 1_000 },
  { engine: 'translator', limit: 150 },
];
const ENTRIES = 4;
const AT = 0x20000;
const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rbp', 'rsi', 'rdi'] as const;

/** How the run ended, for the tests' own statistics. */
export interface FuzzOutcome {
  readonly kind: string;
  readonly end: string;
  readonly retired: number;
  readonly vm: Vm;
}

/** The outcome with all that the guest could tell. */
export const everything = ({ vm, kind, end }: FuzzOutcome): Outcome & { readonly kind: string; readonly end: string } => ({
  kind,
  end,
  ...outcomeOf(vm),
});

/** `choice`: an engine, and the longest slice, instead of those that the seed picks. */
export function runOne(seed: number, choice: EngineChoice | null = null): FuzzOutcome {
  const random = randomOf(seed);
  const kinds = ['noise', 'code', 'code', 'guest'] as const;
  const kind = kinds[random(kinds.length)];
  const picked = ENGINES[random(ENGINES.length)];
  const { engine, limit } = choice ?? picked;
  const { vm } = createPc({
    memory: kind === 'guest' ? 8 * MIB : MIB,
    engine,
    tracking: METHODS[random(METHODS.length)],
    quantum: 1 + random(500),
    vcpus: 1 + random(2),
    verify: kind !== 'guest',
  });
  if (kind === 'guest' ? !loadMutated(vm, random) : !loadRandom(vm, random, kind)) return { kind, end: 'not loaded', retired: 0, vm };
  return { kind, ...run(vm, random, limit), vm };
}

function loadMutated(vm: Vm, random: Random): boolean {
  const { name, bytes } = mutatedGuest(random);
  try {
    loadImage(name, bytes, bootTarget(vm), { append: 'pages=8 iterations=7 rate=5 group=1' });
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

function loadRandom(vm: Vm, random: Random, kind: 'noise' | 'code'): boolean {
  const width = random(2) === 0 ? 32 : 64;
  const length = 16 + random(2_000);
  const bytes = Uint8Array.from(kind === 'noise' ? noise(random, length) : codeLike(random, length));
  const target = bootTarget(vm);
  if (width === 32) loadImage('random', bytes, target, { at: AT });
  else loadImage('random', buildElf({ width, entry: AT, segments: [{ paddr: AT, bytes }] }), target);
  if (random(4) > 0) installHandlers(vm, width);
  // Mostly pointers into RAM, so that accesses succeed.
  vm.vcpus[0].setRegs(Object.fromEntries(REGISTERS.map((name) => [name, BigInt(random(5) === 0 ? random(2 ** 31) : random(MIB))])));
  return true;
}

/** Several entries with tracking on; `verify` throws if a write of the random code was lost. */
function run(vm: Vm, random: Random, limit: number): { end: string; retired: number } {
  vm.mt.initMt({ op: 1, flags: random(2) * 4, maxDirty: 1 + random(400) });
  vm.mt.enableMt(1);
  let end = 'limit';
  let retired = 0;
  for (let entry = 0; entry < ENTRIES; entry++) {
    vm.mt.prepareMtCp(BigInt(entry));
    const result = vm.runSlice(1 + random(limit));
    end = result.exit.kind;
    retired += result.retired;
    if (random(2) === 0) vm.mt.fetchSublist({ count: 1 + random(30), rearm: true });
    vm.mt.mtVmQuiesced();
    vm.mt.fetchSublist({ count: 10_000, rearm: random(2) === 0 });
    if (end === 'shutdown') break;
  }
  return { end, retired };
}
