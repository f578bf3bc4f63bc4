// Circles of imports: sets of files each of which reaches the others (Tarjan's strongly connected components).

import { posix } from 'node:path';
import { importsOf } from './layers.ts';

/** The circles among `files`, each sorted. `read` gives a file's text. */
export function circles(files: readonly string[], read: (path: string) => string): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const known = new Set(files);
  const importsFrom = (path: string): string[] =>
    importsOf(read(path))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(path), specifier.replace(/\?.*$/, '')))
      .filter((target) => known.has(target));
  const visit = (path: string): void => {
    const number = order.size;
    order.set(path, number);
    lowest.set(path, number);
    open.push(path);
    isOpen.add(path);
    for (const target of importsFrom(path)) {
      if (!order.has(target)) visit(target);
      if (isOpen.has(target)) lowest.set(path, Math.min(lowest.get(path)!, lowest.get(target)!));
    }
    if (lowest.get(path) !== number) return;
    const circle = open.splice(open.indexOf(path));
    for (const member of circle) isOpen.delete(member);
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const path of files) if (!order.has(path)) visit(path);
  return found;
}
