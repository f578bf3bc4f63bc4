// From a control-flow graph to WebAssembly's nested blocks and loops. For a reducible graph the dominator tree gives the
// nesting (N. Ramsey, "Beyond Relooper", ICFP 2022): a node that several forward edges reach stands behind a block that they
// leave; a node that a back edge reaches begins a loop. Where a loop has several entries, the graph is not reducible. Then edges
// back into it lead through the root, which can choose among all its successors.

export interface Structure {
  /** Immediate dominator's children of each node, in reverse postorder. */
  readonly children: readonly (readonly number[])[];
  /** More than one forward edge comes in. */
  readonly isMerge: readonly boolean[];
  /** A back edge comes in. */
  readonly isLoop: readonly boolean[];
  /** Position in reverse postorder; -1 for nodes that are not reached. */
  readonly order: readonly number[];
  /** The root's successors: those asked for, and behind them the targets of edges that lead through it. */
  readonly entries: readonly number[];
  /** `isThroughRoot(from, to)`: instead of to `to` the edge leads to the root, which goes on to `to`. */
  readonly isThroughRoot: (from: number, to: number) => boolean;
}

/** `successors[n]` are the nodes that node n goes to; node 0 is the root, and no node has an edge to it. */
export function structureOf(successors: readonly (readonly number[])[]): Structure {
  const through = new Set<string>();
  const isThroughRoot = (from: number, to: number): boolean => through.has(`${from}>${to}`);
  const entries = new Set(successors[0]);
  for (;;) {
    const edges = successors.map((list, from) => (from === 0 ? [...entries] : list.map((to) => (isThroughRoot(from, to) ? 0 : to))));
    const order = reversePostorder(edges);
    const idom = dominators(edges, order);
    const bad = irreducibleEdges(edges, order, idom);
    if (bad.length === 0) return { ...shape(edges, order, idom), order, entries: edges[0]!, isThroughRoot };
    for (const [from, to] of bad) {
      through.add(`${from}>${to}`);
      entries.add(to);
    }
  }
}

function reversePostorder(edges: readonly (readonly number[])[]): number[] {
  const seen = new Set<number>([0]);
  const postorder: number[] = [];
  const visit = (node: number): void => {
    for (const to of edges[node]!) {
      if (seen.has(to)) continue;
      seen.add(to);
      visit(to);
    }
    postorder.push(node);
  };
  visit(0);
  const order = edges.map(() => -1);
  postorder.reverse().forEach((node, position) => {
    order[node] = position;
  });
  return order;
}

/** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". */
function dominators(edges: readonly (readonly number[])[], order: readonly number[]): number[] {
  const nodes = edges
    .map((_, n) => n)
    .filter((n) => order[n]! >= 0)
    .sort((a, b) => order[a]! - order[b]!);
  const predecessors: number[][] = edges.map(() => []);
  for (const from of nodes) for (const to of edges[from]!) predecessors[to]!.push(from);
  const idom = edges.map(() => -1);
  idom[0] = 0;
  const meet = (a: number, b: number): number => {
    let x = a;
    let y = b;
    while (x !== y) {
      while (order[x]! > order[y]!) x = idom[x]!;
      while (order[y]! > order[x]!) y = idom[y]!;
    }
    return x;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of nodes.slice(1)) {
      const known = predecessors[node]!.filter((p) => idom[p]! >= 0);
      const next = known.reduce(meet);
      if (next !== idom[node]) {
        idom[node] = next;
        changed = true;
      }
    }
  }
  return idom;
}

function dominates(idom: readonly number[], above: number, node: number): boolean {
  let at = node;
  while (at !== above && at !== 0) at = idom[at]!;
  return at === above;
}

/** Retreating edges whose target does not dominate their source. */
function irreducibleEdges(edges: readonly (readonly number[])[], order: readonly number[], idom: readonly number[]): [number, number][] {
  const bad: [number, number][] = [];
  edges.forEach((list, from) => {
    if (order[from]! < 0) return;
    for (const to of list) if (order[to]! <= order[from]! && !dominates(idom, to, from)) bad.push([from, to]);
  });
  return bad;
}

type Shape = Pick<Structure, 'children' | 'isMerge' | 'isLoop'>;

function shape(edges: readonly (readonly number[])[], order: readonly number[], idom: readonly number[]): Shape {
  const forward = edges.map(() => 0);
  const back = edges.map(() => 0);
  edges.forEach((list, from) => {
    if (order[from]! < 0) return;
    for (const to of list) (order[to]! <= order[from]! ? back : forward)[to]!++;
  });
  const children: number[][] = edges.map(() => []);
  const reached = edges
    .map((_, n) => n)
    .filter((n) => order[n]! > 0)
    .sort((a, b) => order[a]! - order[b]!);
  for (const node of reached) children[idom[node]!]!.push(node);
  return { children, isMerge: forward.map((count) => count > 1), isLoop: back.map((count) => count > 0) };
}
