// Fenced blocks of a Markdown text, and the text with some of them replaced.

export interface Fence {
  /** What follows the opening backquotes: `js`, `text`, `console`. */
  readonly language: string;
  /** The lines between the fences, each with its newline. */
  readonly body: string;
  /** Offsets of the body in the text. */
  readonly start: number;
  readonly end: number;
}

export function fencesIn(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ index, 0: all, 1: language = '', 2: body = '' }) => {
    const start = index + all.indexOf('\n') + 1;
    return { language, body, start, end: start + body.length };
  });
}

/** `markdown` with the bodies of the given fences replaced. */
export function replaceBodies(markdown: string, replacements: ReadonlyMap<Fence, string>): string {
  let text = markdown;
  for (const [{ start, end }, body] of [...replacements].sort(([a], [b]) => b.start - a.start)) {
    text = text.slice(0, start) + body + text.slice(end);
  }
  return text;
}
