// The structure of control-flow graphs, checked by running it: a function is emitted whose branches follow a script, and the
// path that it takes is that of a walk over the graph itself.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structureOf } from '../../src/cpu/translator/structure.ts';
import type { Structure } from '../../src/cpu/translator/structure.ts';
import { FunctionBody } from '../../src/cpu/translator/wasm/function-body.ts';
import type { Label } from '../../src/cpu/translator/wasm/function-body.ts';
import { encodeModule } from '../../src/cpu/translator/wasm/module.ts';
import type { FunctionType } from '../../src/cpu/translator/wasm/module.ts';

/** Up to two successors each; a node without any is an exit. */
type Graph = readonly (readonly number[])[];

const NODE_TYPE: FunctionType = { parameters: ['i32'], results: ['i32'] };
const TRACE_TYPE: FunctionType = { parameters: ['i32'], results: ['i32'] };
const ENTRY = 0;

/** `graph` below a root, whose number is 0, with `entries`; so node n has the number n + 1. */
const underRoot = (graph: Graph, entries: readonly number[]): number[][] => [entries, ...graph].map((list) => list.map((n) => n + 1));

/**
 * A function (number of the entry) that calls `node(n)` for each node it comes to, takes the successor that this returns, and
 * returns the last one.
 */
class Emission {
  readonly body = new FunctionBody(TRACE_TYPE.parameters);
  private readonly labels = new Map<number, Label>();
  private out: Label = 0;
  private readonly graph: Graph;
  private readonly structure: Structure;

  constructor(graph: Graph, entries: readonly number[]) {
    this.graph = underRoot(graph, entries);
    this.structure = structureOf(this.graph);
  }

  emit(): Uint8Array<ArrayBuffer> {
    this.out = this.body.block('i32');
    this.tree(0);
    this.body.op('unreachable').end();
    return encodeModule({
      memory: { pages: 1, shared: false },
      imports: [{ name: 'node', type: NODE_TYPE }],
      functions: [{ type: TRACE_TYPE, body: this.body, exportAs: 'trace' }],
    });
  }

  private tree(node: number): void {
    const behind = this.structure.children[node]!.filter((child) => this.structure.isMerge[child]);
    if (!this.structure.isLoop[node]) return this.within(node, behind);
    this.labels.set(node, this.body.loop());
    this.within(node, behind);
    this.body.end();
    this.labels.delete(node);
  }

  private within(node: number, merges: readonly number[]): void {
    const merge = merges[merges.length - 1];
    if (merge === undefined) return node === 0 ? this.choose() : this.node(node);
    this.labels.set(merge, this.body.block());
    this.within(node, merges.slice(0, -1));
    this.body.end();
    this.labels.delete(merge);
    this.tree(merge);
  }

  private choose(): void {
    const { body, structure } = this;
    const labels = structure.entries.map(() => body.block()).reverse();
    body.get(ENTRY).brTable(labels.slice(0, -1), labels.at(-1)!);
    for (const node of structure.entries) {
      body.end();
      this.goToNode(0, node);
    }
  }

  private node(node: number): void {
    const { body } = this;
    const [first, second] = this.graph[node]!;
    body.i32(node - 1).call(0);
    if (first === undefined) {
      body
        .op('drop')
        .i32(node - 1)
        .br(this.out);
    } else if (second === undefined) this.go(node, body.op('drop') && first);
    else {
      body.if();
      this.go(node, second);
      body.else();
      this.go(node, first);
      body.end();
    }
  }

  private go(from: number, to: number): void {
    const { structure, body } = this;
    if (!structure.isThroughRoot(from, to)) return this.goToNode(from, to);
    body.i32(structure.entries.indexOf(to)).set(ENTRY).br(this.labels.get(0)!);
  }

  private goToNode(from: number, to: number): void {
    const { structure, body } = this;
    const isBack = structure.order[to]! <= structure.order[from]!;
    if (!isBack && !structure.isMerge[to]) return this.tree(to);
    const label = this.labels.get(to);
    if (label === undefined) throw new Error(`no label for the edge from ${from} to ${to}`);
    body.br(label);
  }
}

const MAX_STEPS = 200;

/** The path through the emitted code from `entries[first]`. */
function emittedPath(graph: Graph, script: readonly number[], entries: readonly number[] = [0], first = 0): number[] {
  const path: number[] = [];
  let at = 0;
  const stop = new Error('enough');
  const node = (n: number): number => {
    path.push(n);
    if (path.length >= MAX_STEPS) throw stop;
    return script[at++ % script.length]!;
  };
  const bytes = new Emission(graph, entries).emit();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, node } });
  try {
    const end = (exports['trace'] as (entry: number) => number)(first);
    expect(end).toBe(path.at(-1));
  } catch (error) {
    if (error !== stop) throw error;
  }
  return path;
}

function directPath(graph: Graph, script: readonly number[], entry = 0): number[] {
  const path: number[] = [];
  for (let node = entry, at = 0; ; ) {
    path.push(node);
    if (path.length >= MAX_STEPS) return path;
    const successors = graph[node]!;
    const choice = script[at++ % script.length]!;
    if (successors.length === 0) return path;
    node = successors[successors.length === 2 && choice ? 1 : 0]!;
  }
}

const throughRoot = (graph: Graph): string[] => {
  const edges = underRoot(graph, [0]);
  const { isThroughRoot } = structureOf(edges);
  return edges.flatMap((list, from) => list.filter((to) => isThroughRoot(from, to)).map((to) => `${from}>${to}`));
};

const GRAPHS: Readonly<Record<string, Graph>> = {
  'one node': [[]],
  'a line': [[1], [2], []],
  'a diamond': [[1, 2], [3], [3], []],
  'both ways to the same node': [[1, 1], []],
  'a loop of one node': [[0, 1], []],
  'a loop with its test at the end': [[1], [2], [1, 3], []],
  'nested loops': [[1], [2], [3], [2, 4], [1, 5], []],
  'a loop with two exits to different nodes': [[1], [2, 3], [1, 4], [], []],
  'a loop with two back edges': [[1], [2, 3], [1], [1, 4], []],
  'a merge within a loop': [[1], [2, 3], [4], [4], [1, 5], []],
  'a branch out of two loops': [[1], [2], [1, 3], [2, 4], []],
  'merges in a row': [[1, 2], [2, 3], [3, 4], [4], []],
  'a node that nothing reaches': [[2], [2], []],
};

describe('structured graphs', () => {
  it.each(Object.entries(GRAPHS))('%s', (_name, graph) => {
    expect(throughRoot(graph)).toEqual([]);
    for (const script of [[0], [1], [0, 1], [1, 0, 0], [1, 1, 0, 1, 0]]) {
      expect(emittedPath(graph, script)).toEqual(directPath(graph, script));
    }
  });
});

describe('irreducible graphs', () => {
  const twoEntries: Graph = [[1, 2], [2], [1, 3], []];

  it('have one edge into the middle of a loop lead through the root', () => {
    expect(throughRoot(twoEntries)).toHaveLength(1);
  });

  it('still take every path', () => {
    for (const script of [[0], [1], [0, 1], [1, 0, 0], [0, 0, 1]]) {
      expect(emittedPath(twoEntries, script)).toEqual(directPath(twoEntries, script));
    }
  });
});

describe('any graph', () => {
  const graph = fc
    .integer({ min: 1, max: 12 })
    .chain((size) => fc.array(fc.array(fc.nat(size - 1), { maxLength: 2 }), { minLength: size, maxLength: size }));

  it('is walked as the graph says', () => {
    fc.assert(
      fc.property(graph, fc.array(fc.nat(1), { minLength: 1, maxLength: 20 }), (edges, script) => {
        expect(emittedPath(edges, script)).toEqual(directPath(edges, script));
      }),
      { numRuns: 400, seed: 9 },
    );
  });

  it('is walked from any of its entries', () => {
    fc.assert(
      fc.property(
        graph,
        fc.array(fc.nat(11), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(1), { minLength: 1, maxLength: 20 }),
        (edges, list, script) => {
          const entries = [...new Set(list.map((n) => n % edges.length))];
          entries.forEach((entry, n) => expect(emittedPath(edges, script, entries, n)).toEqual(directPath(edges, script, entry)));
        },
      ),
      { numRuns: 200, seed: 11 },
    );
  });

  it('has every reached node below its dominator exactly once', () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const { children, order } = structureOf(underRoot(edges, [0]));
        const reached = order.flatMap((position, node) => (position > 0 ? [node] : []));
        expect(children.flat().sort((a, b) => a - b)).toEqual(reached);
        for (const list of children)
          expect(list.map((node) => order[node])).toEqual(list.map((node) => order[node]!).sort((a, b) => a - b));
      }),
      { numRuns: 400, seed: 10 },
    );
  });
});
