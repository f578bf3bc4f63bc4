// Runs vectors on a processor of ours, with any engine.

import { Request } from '../../src/base/request.ts';
import { Seg } from '../../src/base/state/vcpu.ts';
import { Rep } from '../../src/cpu/builder/insn.ts';
import type { Cpu } from '../../src/cpu/cpu.ts';
import type { DeliverFault, Engine } from '../../src/cpu/engine.ts';
import { Interpreter } from '../../src/cpu/interpreter/interpreter.ts';
import type { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import { loadX87, readX87 } from './x87-state.ts';
import type { X87State } from './x87-state.ts';
import { vectorMachine } from './machine.ts';
import type { Setting } from './machine.ts';
import { SEED } from './vector-files.ts';
import { CODE_OFFSET, DATA_BASE, DATA_SIZE, dataTemplate, decodeVector, startOf } from './vector.ts';
import type { RecordedFault, Run, Vector, VectorMode } from './vector.ts';

/** What one instruction did. */
export interface Outcome {
  readonly gpr: BigUint64Array;
  readonly ip: bigint;
  readonly flags: number;
  readonly fault: RecordedFault | null;
  readonly writes: readonly Run[];
  readonly x87: X87State;
  /** Selectors that changed, by their segment register; 0 for any null selector. */
  readonly selectors: ReadonlyMap<number, number>;
  /** Bases of FS and GS that changed. */
  readonly bases: ReadonlyMap<number, bigint>;
}

export interface VectorRunner {
  readonly setting: Setting;
  run(vector: Vector): Outcome;
}

/** What an engine is made of: the translator's parts, of which the interpreter needs fewer. */
export interface EngineParts {
  readonly physical: PhysicalMemory;
  readonly deliverFault: DeliverFault;
  readonly cpus: readonly Cpu[];
  readonly jumpCaches: number;
}

export type MakeEngine = (parts: EngineParts) => Engine;

export const interpreter: MakeEngine = (parts) => new Interpreter(parts);

const INT3 = 0xcc;
const MAX_ITERATIONS = 70_000;

/** A runner of its own machine, for vectors of `mode`. Each run starts from the vector's state and nothing else. */
export function makeRunner(setting: Setting, mode: VectorMode, makeEngine: MakeEngine = interpreter): VectorRunner {
  const { cpu, physical, code, data, jumpCaches } = vectorMachine(setting, mode);
  const template = dataTemplate(SEED[mode]);
  const start = startOf(mode);
  const before = template.slice();
  data.set(template);
  code.fill(INT3);
  let fault: RecordedFault | null = null;
  const deliverFault = (faulting: Cpu): void => {
    const { vector, errorCode, linear } = faulting.fault;
    fault = { vector, errorCode, cr2: vector === 14 ? BigInt.asUintN(64, BigInt(linear)) : null };
    faulting.request(Request.EXIT);
  };
  const { segSelector, segAttributes, segLimit, segBase } = cpu.state;
  const segments = [segSelector, segAttributes, segLimit].map((field) => field.slice());
  const bases = segBase.slice();
  const engine = makeEngine({ physical, deliverFault, cpus: [cpu], jumpCaches });
  physical.codeListener = { codeWritten: (gfn, from, to) => engine.invalidate(gfn, from, to), codeForgotten: () => engine.forget() };

  const load = (vector: Vector): void => {
    code.set(vector.code, CODE_OFFSET);
    code.fill(INT3, CODE_OFFSET + vector.code.length, CODE_OFFSET + 32);
    // Code at its first use: an engine gives up on code that keeps changing.
    physical.forgetCode();
    for (const { address, bytes } of vector.patches) {
      data.set(bytes, address - DATA_BASE);
      before.set(bytes, address - DATA_BASE);
    }
    const { state } = cpu;
    state.gpr.fill(0n);
    state.gpr.set(vector.gpr);
    [segSelector, segAttributes, segLimit].forEach((field, n) => field.set(segments[n]!));
    segBase.set(bases);
    state.rip[0] = BigInt(start);
    state.request[0] = 0;
    state.interruptibility[0] = 0;
    cpu.flags.write(vector.flags);
    if (vector.x87) loadX87(cpu, vector.x87);
    fault = null;
    cpu.enterGuest();
  };

  const execute = (iterates: boolean): void => {
    // One iteration of a REP counts as an instruction, and leaves RIP where it is.
    for (let n = 0; n < MAX_ITERATIONS; n++) {
      engine.run(cpu, 1);
      if (!iterates || fault !== null || cpu.rip !== start) break;
      cpu.state.request[0] = 0;
    }
    cpu.leaveGuest(0);
  };

  const restore = (): void => {
    data.set(template);
    before.set(template);
  };

  const run = (vector: Vector): Outcome => {
    load(vector);
    execute(decodeVector(vector).rep !== Rep.NONE);
    const { state } = cpu;
    const outcome: Outcome = {
      gpr: state.gpr.slice(0, vector.gpr.length),
      ip: state.rip[0]!,
      flags: cpu.flags.read(),
      fault,
      writes: changedRuns(before, data),
      x87: readX87(cpu),
      selectors: changedSelectors(segments[0]!, segSelector),
      bases: new Map([Seg.FS, Seg.GS].filter((s) => segBase[s] !== bases[s]).map((s) => [s, segBase[s]])),
    };
    restore();
    return outcome;
  };
  return { setting, run };
}

/** Null selectors may lose their RPL on the way to where they are recorded. */
function changedSelectors(before: Uint32Array, after: Uint32Array): ReadonlyMap<number, number> {
  const plain = (selector: number): number => (selector < 4 ? 0 : selector);
  return new Map([0, 1, 2, 3, 4, 5].filter((s) => plain(before[s]!) !== plain(after[s]!)).map((s) => [s, plain(after[s]!)]));
}

const words = (bytes: Uint8Array): BigUint64Array => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);

/** Where two data windows differ, as runs of the second's bytes. */
function changedRuns(before: Uint8Array, after: Uint8Array): Run[] {
  const runs: Run[] = [];
  const x = words(before);
  const y = words(after);
  let at = 0;
  while (at < DATA_SIZE) {
    if ((at & 7) === 0 && x[at >> 3] === y[at >> 3]) {
      at += 8;
    } else if (before[at] === after[at]) {
      at++;
    } else {
      const from = at;
      while (at < DATA_SIZE && before[at] !== after[at]) at++;
      runs.push({ address: DATA_BASE + from, bytes: after.slice(from, at) });
    }
  }
  return runs;
}
