// The benchmark's options: which classes, by whom, in which forms, how often.

import type { Choices } from '../harness/benchmark.ts';
import { CLASSES } from './catalog.ts';
import type { Plan } from './rounds.ts';
import { RUNNERS } from './runners.ts';
import type { Form, Runner } from './runners.ts';

export const FORMS: readonly Form[] = [
  { name: 'linux', bits: 32 },
  { name: 'bare', bits: 32 },
  { name: 'bare', bits: 64 },
];

/** Who runs if nobody is named: all but the engines that `auto` is made of. */
const USUAL = ['native', 'tcg', 'v86', 'tidemark'];
const ROUNDS = 3;
/** Rounds of a quick run. */
const QUICK_ROUNDS = 1;

/** The words of an option, each of which must be known. Throws for another. */
function words(choices: Choices, option: string, known: readonly string[], otherwise: readonly string[] = known): readonly string[] {
  const given = choices[option];
  if (given === undefined) return otherwise;
  if (given === true) throw new Error(`--${option} takes names: ${known.join(', ')}`);
  const unknown = given.find((word) => !known.includes(word));
  if (unknown !== undefined) throw new Error(`--${option} does not know '${unknown}': there are ${known.join(', ')}`);
  return given;
}

function number(choices: Choices, option: string, otherwise: number): number {
  const given = choices[option];
  if (given === undefined) return otherwise;
  const value = given === true ? Number.NaN : Number(given[0]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} takes a number from 1`);
  return value;
}

export interface ChosenPlan extends Plan {
  /** Runners that were asked for and cannot run here, with the reason. */
  readonly missing: readonly { readonly runner: Runner; readonly reason: string }[];
}

/** What is to be measured in this form; null if it is not wanted, or nobody can run it. Throws for options that make no sense. */
export function planOf(form: Form, choices: Choices, quick: boolean): ChosenPlan | null {
  const names = words(
    choices,
    'class',
    CLASSES.map(({ name }) => name),
  );
  const under = words(
    choices,
    'under',
    RUNNERS.map(({ name }) => name),
    USUAL,
  );
  const bits = words(choices, 'bits', ['32', '64']);
  const wanted = choices['bare'] === choices['linux'] || choices[form.name] !== undefined;
  const rounds = number(choices, 'rounds', quick ? QUICK_ROUNDS : ROUNDS);
  if (!wanted || !bits.includes(`${form.bits}`)) return null;
  const asked = RUNNERS.filter(({ name }) => under.includes(name)).map((runner) => ({ runner, reason: runner.missing(form) }));
  const runners = asked.filter(({ reason }) => reason === null).map(({ runner }) => runner);
  if (runners.length === 0) return null;
  return {
    form,
    runners,
    classes: CLASSES.filter(({ name }) => names.includes(name)),
    repetitions: (one) => (quick ? one.quick : one.full),
    rounds,
    missing: asked.flatMap(({ runner, reason }) => (reason === null ? [] : [{ runner, reason }])),
  };
}

/** Lines that name who runs, and who is left out. */
export function leftOut({ form, runners, missing }: ChosenPlan): string {
  const what = `${form.bits}-bit ${form.name}`;
  const there = runners.map(({ name, title }) => `  ${what}: ${name} is ${title}\n`);
  return [...there, ...missing.map(({ runner, reason }) => `  ${what}: without ${runner.name}: ${reason}\n`)].join('');
}
