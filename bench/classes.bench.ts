// Eighteen classes of work (guests/bench), each in a machine of its own, in processor time.
//
//     npm run bench -- classes --quick --under=tidemark,interpreter --class=core,fib --bits=32

import { CLASSES } from './classes/catalog.ts';
import type { WorkClass } from './classes/catalog.ts';
import { measureRounds } from './classes/rounds.ts';
import { RUNNERS, runTask } from './classes/runners.ts';
import type { Bits, Task } from './classes/runners.ts';
import { timeTable } from './classes/tables.ts';
import type { Benchmark, Choices, FigureTable } from './harness/benchmark.ts';
import { QUICK } from './harness/measure.ts';

/** The members of `all` that the option names, or all. Throws for a name that none has. */
function chosen<Member>(choices: Choices, option: string, all: readonly Member[], nameOf: (member: Member) => string): readonly Member[] {
  const names = choices[option];
  if (names === undefined) return all;
  const known = all.map(nameOf);
  if (names === true) throw new Error(`--${option}= takes names: ${known.join(', ')}`);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--${option} does not know '${unknown}': there are ${known.join(', ')}`);
  return all.filter((member) => names.includes(nameOf(member)));
}

export default {
  description: 'eighteen classes of work: seconds of processor time, all threads and the main one, best of the rounds',
  options: ['class', 'under', 'bits', 'rounds'],
  async figures(effort, choices) {
    const quick = effort === QUICK;
    const rounds = Number((choices['rounds'] as readonly string[] | undefined)?.[0] ?? (quick ? 1 : 3));
    const classes = chosen(choices, 'class', CLASSES, ({ name }) => name);
    const runners = chosen(choices, 'under', RUNNERS, ({ name }) => name);
    const repetitions = (one: WorkClass): number => (quick ? one.quick : one.full);
    const tables: FigureTable[] = [];
    for (const bits of chosen<Bits>(choices, 'bits', [32, 64], String)) {
      const times = await measureRounds(runners, classes, bits, repetitions, rounds);
      tables.push(timeTable(`bare, ${bits}-bit, best of ${rounds}`, times));
    }
    return tables;
  },
  child: (task) => runTask(task as Task),
} satisfies Benchmark;
