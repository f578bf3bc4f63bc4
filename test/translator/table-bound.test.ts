// More regions than the function table holds: everything is dropped, and what is hot comes back.

import { describe, expect, it } from 'vitest';
import { Translator } from '../../src/cpu/translator/translator.ts';
import type { Engine } from '../../src/cpu/engine.ts';
import { interpreter } from '../hardware/runner.ts';
import type { MakeEngine } from '../hardware/runner.ts';
import { vectorMachine } from '../hardware/machine.ts';
import { CODE_BASE } from '../hardware/vector.ts';
import { Assembler } from '../lockstep/random/assembler.ts';

const FUNCTIONS = 40;

/** A loop over as many functions as there are, each of which is a region of its own. */
function program(): Uint8Array {
  const a = new Assembler(64, CODE_BASE);
  const head = a.label();
  const functions = Array.from({ length: FUNCTIONS }, () => a.label());
  a.bind(head);
  for (const label of functions) a.branch([0xe8], label);
  a.branch([0xe9], head);
  functions.forEach((label, n) => {
    // Some in every page.
    if (n % 10 === 0) a.raw(...new Array<number>(0x1000 - (a.length & 0xfff)).fill(0xcc));
    a.bind(label);
    a.instruction({ opcode: [0x81], reg: 0, size: 8, rm: 0, immediate: { bytes: 4, value: n + 1 } });
    a.raw(0xc3);
  });
  return a.finish();
}

function machine(makeEngine: MakeEngine): { engine: Engine; run(limit: number): bigint[] } {
  const { cpu, physical, code, jumpCaches } = vectorMachine('64-bit', '64');
  code.set(program());
  const deliverFault = (): void => {
    throw new Error('no fault is expected');
  };
  const engine = makeEngine({ physical, deliverFault, cpus: [cpu], jumpCaches });
  cpu.state.gpr[4] = 0x20001000n;
  cpu.state.rip[0] = BigInt(CODE_BASE);
  const run = (limit: number): bigint[] => {
    cpu.enterGuest();
    let left = limit;
    while (left > 0) left -= engine.run(cpu, left);
    cpu.leaveGuest(limit);
    return [...cpu.state.gpr, cpu.state.rip[0]!, BigInt(cpu.flags.read())];
  };
  return { engine, run };
}

describe.each([2, 3, 8, 41])('a function table of %d entries', (tableSize) => {
  it('changes nothing but how often regions are made', () => {
    let translator: Translator | null = null;
    const reference = machine(interpreter);
    const subject = machine((parts) => {
      translator = new Translator({ ...parts, threshold: 0, tableSize });
      return translator;
    });
    for (let n = 1; n < 60; n++) expect(subject.run(40 + n)).toEqual(reference.run(40 + n));
    const { made, retired } = translator!;
    expect(made.flushes).toBeGreaterThan(0);
    expect(made.regions).toBeGreaterThan(FUNCTIONS);
    expect(retired.translated).toBeGreaterThan(9 * retired.interpreted);
  });
});
