// The measuring: round by round each class under each runner in turn, so that what slows the machine for a while slows all of them.

import type { WorkClass } from './catalog.ts';
import type { Bits, Runner } from './runners.ts';
import type { CpuTime } from './marks.ts';

/** What one runner needed for one class, in each round. */
export interface Times {
  readonly runner: string;
  readonly className: string;
  readonly spent: readonly CpuTime[];
  readonly checksum: string;
}

/** Runs each class in a machine of its own, `rounds` times. Throws if a runner's checksum changes from round to round. */
export async function measureRounds(
  runners: readonly Runner[],
  classes: readonly WorkClass[],
  bits: Bits,
  repetitions: (one: WorkClass) => number,
  rounds: number,
): Promise<Times[]> {
  const all = classes.flatMap((one) => runners.map((runner) => ({ one, runner, spent: [] as CpuTime[], checksum: '' })));
  for (let round = 0; round < rounds; round++) {
    for (const times of round % 2 === 0 ? all : [...all].reverse()) {
      const { one, runner } = times;
      const marks = await runner.run({ bits, append: `${one.name}=${repetitions(one)}` });
      const mark = marks.find(({ name }) => name === one.name);
      if (!mark) throw new Error(`${runner.name} did not run ${one.name}`);
      if (times.checksum !== '' && times.checksum !== mark.checksum) throw new Error(`${runner.name}'s ${one.name} is not the same twice`);
      times.checksum = mark.checksum;
      times.spent.push(mark.spent);
    }
  }
  return all.map(({ one, runner, spent, checksum }) => ({ runner: runner.name, className: one.name, spent, checksum }));
}
