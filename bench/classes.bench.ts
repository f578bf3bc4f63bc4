// Eighteen classes of work (guests/bench) in processor time: as kernels of their own in both widths, and as a program of Debian's Linux;
// by this checkout, beside its peers and the processor at hand. Then boots of that Linux, and checkpoint cycles beside raw KVM's.
//
//     npm run bench -- classes [--quick] [--class core,fib] [--under native,tcg,v86,tidemark] [--bits 32]
//         [--rounds 3] [--bare] [--linux] [--cycles]

import { CLASSES } from './classes/catalog.ts';
import { FORMS, PEERS, leftOut, planOf, roundsOf, wants } from './classes/choices.ts';
import { measureRounds, mismatches } from './classes/rounds.ts';
import type { Measured } from './classes/rounds.ts';
import { runTask } from './classes/runners.ts';
import type { Form, Task } from './classes/runners.ts';
import { runCycles } from './cycles/in-tidemark.ts';
import type { CyclesTask } from './cycles/in-tidemark.ts';
import { cycleTables } from './cycles/table.ts';
import { bootTable, classTable, meanTable } from './classes/tables.ts';
import type { Benchmark, FigureTable } from './harness/benchmark.ts';
import { QUICK } from './harness/measure.ts';

export default {
  description: 'eighteen classes of work: processor time of all threads and of the main one; lower is better',
  options: ['class', 'under', 'bare', 'linux', 'cycles', 'bits', 'rounds'],
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
      for (const { runner, className } of mismatches(measured)) {
        process.stderr.write(`tidemark: the checksum of ${className} under ${runner} is not that of the others\n`);
        if (!PEERS.includes(runner)) process.exitCode = 1;
      }
      forms.push({ form, measured });
    }
    if (forms.length > 0) tables.push(meanTable(forms, CLASSES));
    if (wants(choices, 'cycles')) tables.push(...(await cycleTables(roundsOf(choices, effort === QUICK))));
    return tables;
  },
  child(task) {
    const { cycles } = task as { readonly cycles?: CyclesTask };
    return cycles ? runCycles(cycles) : runTask(task as Task);
  },
} satisfies Benchmark;
