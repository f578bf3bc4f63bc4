// The measuring: round by round each runner in turn, so that what slows the machine for a while slows all of them.

import type { WorkClass } from './catalog.ts';
import type { CpuTime, Outcome } from './marks.ts';
import type { Form, Runner } from './runners.ts';

/** What one runner needed for one class, in each round. */
export interface Times {
  readonly runner: string;
  readonly className: string;
  readonly spent: readonly CpuTime[];
  readonly checksum: string;
}

export interface Plan {
  readonly form: Form;
  readonly runners: readonly Runner[];
  readonly classes: readonly WorkClass[];
  readonly repetitions: (one: WorkClass) => number;
  readonly rounds: number;
}

export interface Measured {
  /** By runner and class, in their order. */
  readonly times: readonly Times[];
  /** By runner, the boots of each round. */
  readonly boots: ReadonlyMap<string, readonly CpuTime[]>;
}

/** Runs the plan. Throws if a runner leaves a class out, or if its checksum changes from round to round. */
export async function measureRounds({ form, runners, classes, repetitions, rounds }: Plan): Promise<Measured> {
  const words = classes.map((one) => `${one.name}=${repetitions(one)}`);
  // A kernel of the classes' own boots in no time, so that each class has a machine for itself; Linux boots once for all.
  const appends = form.name === 'bare' ? words : [words.join(' ')];
  const parts = appends.flatMap((append) => runners.map((runner) => ({ append, runner })));
  const found = new Map<Runner, Outcome[]>(runners.map((runner) => [runner, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { append, runner } of round % 2 === 0 ? parts : [...parts].reverse()) {
      found.get(runner)!.push(await runner.run({ form, append }));
    }
  }
  const times = classes.flatMap(({ name }) => runners.map((runner) => timesOf(runner.name, name, found.get(runner)!, rounds)));
  return { times, boots: new Map(runners.map((runner) => [runner.name, found.get(runner)!.map(({ boot }) => boot)])) };
}

function timesOf(runner: string, className: string, outcomes: readonly Outcome[], rounds: number): Times {
  const marks = outcomes.flatMap((outcome) => outcome.marks).filter(({ name }) => name === className);
  if (marks.length !== rounds) throw new Error(`${runner} did not run ${className} in each round`);
  const { checksum } = marks[0]!;
  if (marks.some((mark) => mark.checksum !== checksum)) throw new Error(`${runner}'s ${className} is not the same twice`);
  return { runner, className, spent: marks.map(({ spent }) => spent), checksum };
}
