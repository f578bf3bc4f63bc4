// The demo's options: one table, and which of them each of its scenes takes.

import { ENGINES } from '../../vm/config.ts';
import { InputError } from '../../base/errors.ts';
import { PAGE_SIZE } from '../../base/paging-units.ts';
import { choice, choiceOrNull, flag, type Option, type OptionTable, type OptionValues, optionName, valued } from '../options.ts';
import { parseInteger, parseSize, showSize } from '../values.ts';
import type { DirtierWork } from './dirtier.ts';
import { MAX_REGION_PAGES, PATTERNS, regionEnd } from './dirtier.ts';
import { INJECTIONS, type Injection, parseInjection } from './inject.ts';
import type { Proof } from './proofs/proofs.ts';

const MiB = 1024 ** 2;
const MIN_MEMORY = 8 * MiB;
const MAX_MEMORY = 1024 * MiB;
/** Bounds what is kept of a run in the host's memory. */
const MAX_ITERATIONS = 4096;

/** What is not asked for. `tracked`: some forty cycles; `compared`: cycles in which PML buffers fill up. */
const DEFAULTS = {
  tracked: { memory: 64 * MiB, pattern: 'mixed', pages: 2048, iterations: 56, seed: 1, rate: 64 },
  compared: { memory: 16 * MiB, pattern: 'mixed', pages: 1024, iterations: 56, seed: 1, rate: 256 },
} as const;
const DEFAULT_TRIGGER = 96;
const GUEST_MEMORY = 128 * MiB;

const integer =
  (min: number, max: number) =>
  (text: string): number =>
    parseInteger(text, min, max);
/** Null if it is not given: the default depends on the scene, and some scenes refuse it. */
const orDefault = <T>(metavar: string, parse: (text: string) => T, help: string, shown: string): Option<T | null> =>
  valued<T | null>(metavar, parse, help, null, shown);

export const OPTIONS = {
  tracking: choiceOrNull(['pml', 'write-protect'], 'how the machine notices writes', 'pml'),
  engine: choice(ENGINES, 'auto', 'what executes guest code; auto translates what is hot'),
  dirtyTrigger: orDefault('N', integer(1, MAX_MEMORY / PAGE_SIZE), 'a cycle ends when N pages are dirty', `${DEFAULT_TRIGGER}`),
  memory: orDefault(
    'SIZE',
    (text) => parseSize(text, MIN_MEMORY, MAX_MEMORY),
    'guest RAM',
    `${showSize(DEFAULTS.tracked.memory)}; ${showSize(DEFAULTS.compared.memory)} to compare, ${showSize(GUEST_MEMORY)} for other guests`,
  ),
  pattern: choiceOrNull(PATTERNS, 'how the guest picks pages to write', DEFAULTS.tracked.pattern),
  pages: orDefault(
    'N',
    integer(2, MAX_REGION_PAGES),
    'pages that the guest writes to',
    `${DEFAULTS.tracked.pages}; ${DEFAULTS.compared.pages} to compare`,
  ),
  iterations: orDefault('N', integer(1, MAX_ITERATIONS), 'how often it writes to some of them', `${DEFAULTS.tracked.iterations}`),
  seed: orDefault('N', integer(0, 2 ** 32 - 1), 'for its random numbers', `${DEFAULTS.tracked.seed}`),
  inject: {
    ...valued('MISTAKE', parseInjection, 'build a mistake into the machine, such as lost-write, and see the proof fail'),
    words: INJECTIONS,
  },
  timings: flag('for each cycle, how many microseconds each of its steps took'),
  json: flag('one line of JSON for each cycle and one at the end, on stdout'),
} as const satisfies OptionTable;

export type DemoValues = OptionValues<typeof OPTIONS>;

/** A guest that dirties pages, in a machine that may be tracked. */
export interface DirtierOptions extends DirtierWork {
  /** Bytes of RAM. */
  readonly memory: number;
  readonly engine: DemoValues['engine'];
  readonly json: boolean;
}

/** What the map shows. */
export interface TrackedWork extends DirtierOptions {
  readonly tracking: 'pml' | 'write-protect';
  readonly dirtyTrigger: number;
  readonly injection: Injection | null;
  /** Show how long each step of a cycle took. */
  readonly timings: boolean;
}

/** A proof, for a mistake that the map cannot show. */
export interface ProofRequest {
  readonly scene: 'proof';
  readonly injection: Injection;
  readonly proof: Proof;
  readonly tracking: TrackedWork['tracking'];
  readonly engine: DemoValues['engine'];
  readonly json: boolean;
}

export type DemoRequest =
  | ProofRequest
  | { readonly scene: 'tracked'; readonly work: TrackedWork }
  | { readonly scene: 'compared'; readonly work: DirtierOptions }
  | ({ readonly scene: 'guest'; readonly name: string } & Pick<DirtierOptions, 'memory' | 'engine' | 'json'>);

/** What was asked for. InputError for combinations without a meaning; whether a guest of that name exists is not checked. */
export function resolveDemo(values: DemoValues, positionals: readonly string[]): DemoRequest {
  const [name = 'dirtier', ...extra] = positionals;
  if (extra.length > 0) throw new InputError(`one NAME at most, but '${extra[0]}' is a second one`);
  const { engine, json, memory, inject } = values;
  if (name === 'dirtier') return inject?.proof ? proofOf(values, inject, inject.proof) : { scene: 'tracked', work: trackedWork(values) };
  if (name === 'compare') {
    refuseTimings(values);
    refuse(values, ['tracking', 'dirtyTrigger', 'inject'], 'compare runs both methods, cut at equal numbers of instructions');
    return { scene: 'compared', work: dirtierOptions(values, 'compared') };
  }
  const own = ['tracking', 'dirtyTrigger', 'pattern', 'pages', 'iterations', 'seed', 'inject'] as const;
  refuseTimings(values);
  refuse(values, own, 'only the demo without a name and compare track pages');
  return { scene: 'guest', name, engine, json, memory: memory ?? GUEST_MEMORY };
}

function proofOf(values: DemoValues, injection: Injection, proof: Proof): ProofRequest {
  const { tracking, engine, json } = values;
  const unused = ['dirtyTrigger', 'memory', 'pattern', 'pages', 'iterations', 'seed'] as const;
  refuse(values, unused, `${injection.name} shows in a scene of its own`);
  if (proof.method && tracking !== null && tracking !== proof.method) {
    throw new InputError(`${injection.name} is a mistake of --tracking=${proof.method}, which --tracking=${tracking} cannot show`);
  }
  return { scene: 'proof', injection, proof, tracking: tracking ?? 'pml', engine, json };
}

function refuseTimings({ timings }: DemoValues): void {
  if (timings) throw new InputError('--timings has no meaning here: only the demo without a name has steps to time');
}

function refuse(values: DemoValues, keys: readonly (keyof DemoValues)[], why: string): void {
  const given = keys.find((key) => values[key] !== null);
  if (given) throw new InputError(`${optionName(given)} has no meaning here: ${why}`);
}

function dirtierOptions(values: DemoValues, scene: keyof typeof DEFAULTS): DirtierOptions {
  const { pattern, pages, iterations, seed, memory, rate } = DEFAULTS[scene];
  const work = {
    pattern: values.pattern ?? pattern,
    pages: values.pages ?? pages,
    iterations: values.iterations ?? iterations,
    seed: values.seed ?? seed,
    memory: values.memory ?? memory,
    rate,
    engine: values.engine,
    json: values.json,
  };
  if (regionEnd(work.pages) > work.memory) {
    throw new InputError(`--pages ${work.pages} needs --memory ${showSize(Math.ceil(regionEnd(work.pages) / MiB) * MiB)} or more`);
  }
  return work;
}

function trackedWork(values: DemoValues): TrackedWork {
  const work = dirtierOptions(values, 'tracked');
  const dirtyTrigger = values.dirtyTrigger ?? DEFAULT_TRIGGER;
  const pages = work.memory / PAGE_SIZE;
  if (dirtyTrigger > pages) {
    throw new InputError(`--dirty-trigger ${dirtyTrigger} is more than the ${pages} pages of --memory ${showSize(work.memory)}`);
  }
  return { ...work, dirtyTrigger, tracking: values.tracking ?? 'pml', injection: values.inject, timings: values.timings };
}
