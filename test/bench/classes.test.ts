// The benchmark of the classes of work, with times that are made up.

import { describe, expect, it } from 'vitest';
import { CLASSES } from '../../bench/classes/catalog.ts';
import { planOf, wants } from '../../bench/classes/choices.ts';
import { Watch } from '../../bench/classes/marks.ts';
import type { CpuTime } from '../../bench/classes/marks.ts';
import { measureRounds, mismatches } from '../../bench/classes/rounds.ts';
import type { Form, Run, Runner } from '../../bench/classes/runners.ts';
import { bootTable, classTable, meanTable } from '../../bench/classes/tables.ts';
import { geometricMean, worstOverBest } from '../../bench/harness/statistics.ts';

const BARE: Form = { name: 'bare', bits: 32 };
const LINUX: Form = { name: 'linux', bits: 32 };
const [CORE, SIEVE] = CLASSES as unknown as readonly [(typeof CLASSES)[number], (typeof CLASSES)[number]];

/** A runner that needs `seconds` in its first round and a tenth more in each further one; `order` takes down who ran what. */
function runner(name: string, seconds: number, main: number | null, order: string[], checksum = '00000001'): Runner {
  let round = 0;
  return {
    name,
    title: name,
    missing: () => null,
    run({ append }: Run) {
      order.push(`${name}: ${append}`);
      const all = seconds * (1 + round++ / 10);
      const marks = append.split(' ').map((word) => ({ name: word.replace(/=.*/, ''), checksum, spent: { all, main }, counted: null }));
      return { boot: { all: 2 * all, main }, marks };
    },
  };
}

const plan = (form: Form, runners: readonly Runner[], rounds: number) => ({
  form,
  runners,
  classes: [CORE, SIEVE],
  repetitions: () => 5,
  rounds,
});

describe('a watched run', () => {
  it('takes the time at the lines that begin and end a class', () => {
    let now = 0;
    const watch = new Watch((): CpuTime => ({ all: now, main: now / 2 }));
    for (const text of ['bench: start\r\ncore: st', 'art\nsome message\n', 'core: 0000c2c8 18 us\nbench: done\n']) {
      now += 1;
      watch.add(text);
    }
    expect(watch.outcome).toEqual({
      boot: { all: 1, main: 0.5 },
      marks: [{ name: 'core', checksum: '0000c2c8', spent: { all: 1, main: 0.5 }, counted: 18e-6 }],
    });
    expect(watch).toMatchObject({ done: true, other: 'some message\n' });
  });
});

describe('rounds', () => {
  it('give each class a machine of its own where it is bare, and turn the order every round', async () => {
    const order: string[] = [];
    await measureRounds(plan(BARE, [runner('a', 1, null, order), runner('b', 1, null, order)], 2));
    const round = ['a: core=5', 'b: core=5', 'a: sieve=5', 'b: sieve=5'];
    expect(order).toEqual([...round, ...round.reverse()]);
  });

  it('boot Linux once for all classes', async () => {
    const order: string[] = [];
    const { boots } = await measureRounds(plan(LINUX, [runner('a', 1, null, order)], 1));
    expect(order).toEqual(['a: core=5 sieve=5']);
    expect(boots.get('a')).toEqual([{ all: 2, main: null }]);
  });

  it('refuse a runner that leaves a class out', async () => {
    const deaf: Runner = { ...runner('deaf', 1, null, []), run: () => ({ boot: { all: 0, main: null }, marks: [] }) };
    await expect(measureRounds(plan(BARE, [deaf], 1))).rejects.toThrow('deaf did not run core in each round');
  });
});

describe('tables', () => {
  const measure = (form: Form) =>
    measureRounds(plan(form, [runner('native', 2, 2, []), runner('tcg', 8, null, []), runner('tidemark', 20, 18, [], '0000000f')], 1));

  it('show multiples of the native time, and whose checksum differs', async () => {
    const { columns, rows } = classTable(BARE, 1, await measure(BARE));
    expect(columns).toEqual(['class', 'native', '+ %', 'tcg', '+ %', 'tidemark', '(main)', '+ %', 'checksum']);
    expect(rows[0]).toEqual(['core', 2, 0, 4, 0, 10, 9, 0, 'tidemark differs']);
  });

  it('name a checksum that is not the first', async () => {
    expect(mismatches(await measure(BARE)).map(({ runner, className }) => `${runner} ${className}`)).toEqual([
      'tidemark core',
      'tidemark sieve',
    ]);
  });

  it('show seconds without the native run', async () => {
    const { rows } = classTable(BARE, 1, await measureRounds(plan(BARE, [runner('tcg', 8, null, [])], 1)));
    expect(rows[1]).toEqual(['sieve', 8.8, 0, '00000001']);
  });

  it('have a mean for each group and form', async () => {
    const { rows } = meanTable([{ form: BARE, measured: await measure(BARE) }], [CORE, SIEVE]);
    expect(rows).toEqual([['integer, 32-bit, bare', expect.closeTo(2.098), expect.closeTo(4), expect.closeTo(10), expect.closeTo(8.581)]]);
  });

  it('have the boots of all but the native run', async () => {
    expect(bootTable(await measure(LINUX)).rows).toEqual([
      ['tcg', 16, '–', 0],
      ['tidemark', 40, 18, 0],
    ]);
  });
});

describe('statistics', () => {
  it('a geometric mean', () => expect(geometricMean([1, 4, 16])).toBeCloseTo(4));
  it('the worst over the best', () => expect(worstOverBest([2, 3, 2.5])).toBe(50));
});

describe('options', () => {
  it('choose classes, runners and parts', () => {
    const chosen = planOf(BARE, { class: ['fib', 'core'], under: ['tidemark'], rounds: ['2'] }, true)!;
    expect(chosen.classes.map(({ name }) => name)).toEqual(['core', 'fib']);
    expect(chosen.runners.map(({ name }) => name)).toEqual(['tidemark']);
    expect(chosen).toMatchObject({ rounds: 2, missing: [] });
    expect(planOf(LINUX, { bare: true }, true)).toBeNull();
    expect(wants({ linux: true }, 'cycles')).toBe(false);
    expect(wants({}, 'cycles')).toBe(true);
  });

  it.each([
    [{ class: ['fibb'] }, /--class does not know 'fibb': there are core, /],
    [{ under: ['kvm'] }, /--under does not know 'kvm': there are native, tcg, v86, tidemark, /],
    [{ rounds: ['0'] }, /--rounds takes a number from 1/],
    [{ class: true as const }, /--class takes names: core, /],
  ])('refuse %j', (choices, message) => {
    expect(() => planOf(BARE, choices, true)).toThrow(message);
  });
});
