// Which known word somebody may have meant who wrote another one.

/** Fewer letters are no beginning of anything in particular. */
const SHORTEST_BEGINNING = 3;

/** The known word nearest to `word`, capitals or not: mistyped by a letter or so, or its beginning; null if none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  const scored = known.map((name) => ({ name, edits: distance(name.toLowerCase(), wanted) }));
  const [best] = scored.filter(({ name, edits }) => edits <= tolerance(name, wanted)).sort((a, b) => a.edits - b.edits);
  if (best) return best.name;
  const begun = known.filter((name) => wanted.length >= SHORTEST_BEGINNING && name.toLowerCase().startsWith(wanted));
  return begun.length === 1 ? begun[0]! : null;
}

/** `; did you mean 'sieve'?`, to stand at the end of a message; empty if nothing is near. `prefix` is put before the word. */
export function didYouMean(word: string, known: readonly string[], prefix = ''): string {
  const near = nearest(word, known);
  return near === null ? '' : `; did you mean '${prefix}${near}'?`;
}

/** Edits that may lie between two words of which one is meant for the other: one in four letters, but never all of a word. */
const tolerance = (name: string, wanted: string): number =>
  Math.min(Math.max(1, Math.floor(name.length / 4)), Math.max(name.length, wanted.length) - 1);

/** Edits from one word to another: letters put in, left out or changed, neighbours that changed places. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed, swapped));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
