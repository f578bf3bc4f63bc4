// Control flow of any shape as guest code: each node writes its name down and branches by a bit of a script. The regions that
// are made of it, loops cut apart included, take the path that the graph says.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assembler, Label } from '../lockstep/random/assembler.ts';
import { WINDOW } from '../lockstep/random/layout.ts';
import { translatorOf } from '../lockstep/support/share.ts';
import { RING0_32, RING0_64, move, pairOf, together } from './support.ts';

/** Up to two successors each; a node without any is an exit. */
type Graph = readonly (readonly number[])[];

const RBX = 3;
const RDX = 2;
const RDI = 7;
const STEPS = 300;

/** mov al, n; stosb; stop when the trace is long enough; rol ebx, 1; jc second; jmp first. Nodes come in the order of `layout`. */
function emit(a: Assembler, graph: Graph, layout: readonly number[], script: number): void {
  const labels = graph.map(() => a.label());
  const end = a.label();
  const jump = (opcode: readonly number[], target: Label): void => void a.branch(opcode, target);
  move(a, RDI, WINDOW);
  move(a, RBX, script | 0);
  move(a, RDX, STEPS);
  jump([0xe9], labels[0]!);
  for (const node of layout) {
    const [first, second] = graph[node]!;
    a.bind(labels[node]!);
    a.raw(0xb0, node + 1, 0xaa);
    a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: RDX });
    jump([0x0f, 0x84], end);
    if (second !== undefined) {
      a.instruction({ opcode: [0xd1], reg: 0, size: 4, rm: RBX });
      jump([0x0f, 0x82], labels[second]!);
    }
    jump([0xe9], first === undefined ? end : labels[first]!);
  }
  a.bind(end);
  a.raw(0xf4);
}

function walk(graph: Graph, script: number): number[] {
  const path: number[] = [];
  let bits = script | 0;
  for (let node = 0; path.length < STEPS; ) {
    path.push(node + 1);
    const [first, second] = graph[node]!;
    if (first === undefined || path.length === STEPS) break;
    const carry = bits < 0;
    if (second !== undefined) bits = (bits << 1) | (bits >>> 31);
    node = second !== undefined && carry ? second : first;
  }
  return path;
}

const graphs = fc.integer({ min: 1, max: 14 }).chain((size) =>
  fc.record({
    graph: fc.array(fc.array(fc.nat(size - 1), { maxLength: 2 }), { minLength: size, maxLength: size }),
    layout: fc.shuffledSubarray(
      Array.from({ length: size }, (_, n) => n),
      { minLength: size, maxLength: size },
    ),
  }),
);

/** Defines the tests, over `numRuns` graphs of each code width. */
export function describeControlFlow(numRuns: number, seed: number): void {
  describe.each([
    ['32-bit code', RING0_32],
    ['64-bit code', RING0_64],
  ] as const)('%s', (_title, setting) => {
    it('goes where the graph goes', () => {
      let translated = 0;
      let interpreted = 0;
      fc.assert(
        fc.property(graphs, fc.integer(), fc.constantFrom(7, 5000), ({ graph, layout }, script, longest) => {
          const pair = pairOf(setting, (a) => emit(a, graph, layout, script));
          expect(together(pair, { longest }).exit.kind).toBe('hlt');
          const path = walk(graph, script);
          expect([...pair.subject.vm.readMemory(WINDOW, path.length + 1)]).toEqual([...path, 0]);
          translated += translatorOf(pair.subject.vm).retired.translated;
          interpreted += translatorOf(pair.subject.vm).retired.interpreted;
        }),
        { numRuns, seed: seed + setting.width },
      );
      expect(translated).toBeGreaterThan(interpreted);
    });
  });
}
