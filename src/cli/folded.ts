/** `line` in pieces of at most `width` columns, broken at blanks where it can be; those behind the first are set in by two columns. */
export function folded(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const at = line.lastIndexOf(' ', width);
  // A first word, or what sets it in, is not broken.
  if (line.slice(0, at).trim() === '') return [line];
  return [line.slice(0, at).trimEnd(), ...folded(`  ${line.slice(at + 1).trimStart()}`, width)];
}
