// Eighteen classes of work (guests/bench) in processor time: as kernels of their own in both widths, and as a program of Debian's Linux;
// by this checkout, beside its peers and the processor at hand.
//
//     npm run bench -- classes [--quick] [--class core,fib] [--under native,tcg,v86,tidemark] [--bare | --linux] [--bits 32] [--rounds 3]

import { CLASSES } from './classes/catalog.ts';
import { FORMS, leftOut, planOf } from './classes/choices.ts';
import { measureRounds } from './classes/rounds.ts';
import type { Measured } from './classes/rounds.ts';
import { runTask } from './classes/runners.ts';
import type { Form, Task } from './classes/runners.ts';
import { bootTable, classTable, meanTable } from './classes/tables.ts';
import type { Benchmark, FigureTable } from './harness/benchmark.ts';
import { QUICK } from './harness/measure.ts';

export default {
  description: 'eighteen classes of work: processor time of all threads and of the main one; lower is better',
  options: ['class', 'under', 'bare', 'linux', 'bits', 'rounds'],
  async figures(effort, choices) {
    const tables: FigureTable[] = [];
    const forms: { form: Form; measured: Measured }[] = [];
    for (const form of FORMS) {
      const plan = planOf(form, choices, effort === QUICK);
      if (!plan) continue;
      process.stderr.write(leftOut(plan));
      const measured = await measureRounds(plan);
      tables.push(classTable(form, plan.rounds, measured));
      if (form.name === 'linux') tables.push(bootTable(measured));
      forms.push({ form, measured });
    }
    return [...tables, meanTable(forms, CLASSES)];
  },
  child: (task) => runTask(task as Task),
} satisfies Benchmark;
