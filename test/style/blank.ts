// Takes comments, and if wanted the contents of strings, out of TypeScript source, so that a search finds only code. Everything
// stays at its line and column. A scanner, not a parser: what starts a regular expression is judged by what stands before.

const REGEX_MAY_FOLLOW = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else))$/;

/** `source` with comments, and with `strings` also the contents of string, template and regex literals, turned into spaces. */
export function blank(source: string, { strings }: { strings: boolean }): string {
  let out = '';
  let at = 0;
  /** For each template we are inside of, the number of braces open in the current `${…}`. */
  const templates: number[] = [];

  const copy = (end: number): void => {
    out += source.slice(at, end);
    at = end;
  };
  const hide = (end: number): void => {
    out += source.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const literal = (end: number): void => (strings ? hide(end) : copy(end));
  const end = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    return match ? match.index + match[0].length : source.length;
  };
  /** Template text, up to the closing backtick or the next `${`. */
  const template = (): void => {
    const stop = end(/(?:\\[^]|[^\\`$]|\$(?!\{))*(?:`|\$\{)/y);
    const opens = source[stop - 1] === '{';
    literal(stop - (opens ? 2 : 1));
    copy(stop);
    if (opens) templates.push(0);
  };

  while (at < source.length) {
    const character = source[at]!;
    if (source.startsWith('//', at)) hide(end(/[^\n]*/y));
    else if (source.startsWith('/*', at)) hide(end(/\*\//g));
    else if (character === "'" || character === '"') {
      copy(at + 1);
      literal(end(character === "'" ? /(?:\\[^]|[^\\'\n])*/y : /(?:\\[^]|[^\\"\n])*/y));
      copy(at + 1);
    } else if (character === '`') {
      copy(at + 1);
      template();
    } else if (character === '/' && REGEX_MAY_FOLLOW.test(out.trimEnd())) {
      copy(at + 1);
      literal(end(/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])*/y));
      copy(at + 1);
    } else {
      const depth = templates.length - 1;
      copy(at + 1);
      if (character === '{' && depth >= 0) templates[depth]! += 1;
      if (character === '}' && depth >= 0 && (templates[depth]! -= 1) < 0) {
        templates.pop();
        template();
      }
    }
  }
  return out;
}
