// Regular expressions as a tree. The syntax is what JavaScript, Perl and `grep -E` have in common, without what needs backtracking
// (references back, look-around): so matching takes time in proportion to the text, whatever the expression.

import { InputError } from '../../base/errors.ts';

/** A set of code points: ranges, both ends included, in no order. */
export interface CharSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
}

export type Assertion = 'line-start' | 'line-end' | 'boundary' | 'no-boundary';

export type Regex =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly parts: readonly Regex[] }
  | { readonly kind: 'repeat'; readonly of: Regex; readonly min: number; readonly max: number };

const DIGIT: CharSet['ranges'] = [[0x30, 0x39]];
const WORD: CharSet['ranges'] = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACE: CharSet['ranges'] = [
  [9, 13],
  [0x20, 0x20],
  [0xa0, 0xa0],
];
const CLASSES: Readonly<Record<string, CharSet['ranges']>> = { d: DIGIT, w: WORD, s: SPACE };
/** By their names in brackets, as `[[:digit:]]`. */
const NAMED: Readonly<Record<string, CharSet['ranges']>> = {
  alpha: WORD.slice(1).filter(([from]) => from !== 0x5f),
  digit: DIGIT,
  alnum: WORD.filter(([from]) => from !== 0x5f),
  upper: [[0x41, 0x5a]],
  lower: [[0x61, 0x7a]],
  space: SPACE,
  blank: [
    [9, 9],
    [0x20, 0x20],
  ],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  xdigit: [...DIGIT, [0x41, 0x46], [0x61, 0x66]],
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, e: 0x1b, 0: 0 };
const ANY: CharSet = { ranges: [], negated: true };
const LAST_CODE = 0x10ffff;
const MOST_REPEATS = 1000;
const MOST_NESTED = 200;

/** The expression as a tree, and whether it begins with `(?i)`. InputError that reads on after the expression's name. */
export function parseRegex(text: string): { readonly tree: Regex; readonly ignoreCase: boolean } {
  const ignoreCase = text.startsWith('(?i)');
  const parser = new Parser(text, ignoreCase ? '(?i)'.length : 0);
  return { tree: parser.whole(), ignoreCase };
}

class Parser {
  private depth = 0;

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  whole(): Regex {
    const tree = this.choice();
    if (this.at < this.text.length) throw this.error(`')' closes nothing`);
    return tree;
  }

  private error(why: string): InputError {
    return new InputError(`'${this.text}' is no regular expression that is understood: ${why} (character ${this.at + 1})`);
  }

  private choice(): Regex {
    const parts = [this.sequence()];
    while (this.text[this.at] === '|') {
      this.at++;
      parts.push(this.sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  private sequence(): Regex {
    const parts: Regex[] = [];
    while (this.at < this.text.length && !'|)'.includes(this.text[this.at]!)) parts.push(this.repeated(this.atom()));
    return { kind: 'sequence', parts };
  }

  private repeated(of: Regex): Regex {
    let result = of;
    for (let times = 0; ; times++) {
      const [whole, sign, low, comma, high] = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})/.exec(this.text.slice(this.at, this.at + 24)) ?? [];
      if (whole === undefined) return result;
      if (times > 0 || of.kind === 'assertion') throw this.error(`'${whole}' repeats nothing`);
      const [min, max] = bounds(sign, low, comma, high);
      if (min > max || min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS)) {
        throw this.error(`${whole} is not a count of at most ${MOST_REPEATS}`);
      }
      this.at += whole.length;
      // Whether a repetition is greedy does not change what it matches.
      if (this.text[this.at] === '?') this.at++;
      result = { kind: 'repeat', of, min, max };
    }
  }

  private atom(): Regex {
    const character = this.next();
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', set: this.brackets() };
      case '.':
        return { kind: 'set', set: ANY };
      case '^':
        return { kind: 'assertion', what: 'line-start' };
      case '$':
        return { kind: 'assertion', what: 'line-end' };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        this.at--;
        throw this.error(`'${character}' repeats nothing`);
      default:
        return literal(character.codePointAt(0)!);
    }
  }

  private next(): string {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw this.error('it ends too early');
    const character = String.fromCodePoint(code);
    this.at += character.length;
    return character;
  }

  private group(): Regex {
    const [opening] = /^\?(?::|<[A-Za-z_]\w*>)/.exec(this.text.slice(this.at)) ?? [];
    if (opening !== undefined) this.at += opening.length;
    else if (this.text[this.at] === '?') throw this.error('look-around is not offered');
    if (++this.depth > MOST_NESTED) throw this.error('it is nested too deep');
    const inside = this.choice();
    this.depth--;
    if (this.text[this.at] !== ')') throw this.error(`')' is missing`);
    this.at++;
    return inside;
  }

  private escape(): Regex {
    const character = this.next();
    if (character === 'b' || character === 'B') return { kind: 'assertion', what: character === 'b' ? 'boundary' : 'no-boundary' };
    return { kind: 'set', set: this.escaped(character) };
  }

  /** What a backslash and `character` stand for, inside of brackets or outside. */
  private escaped(character: string): CharSet {
    const ranges = CLASSES[character.toLowerCase()];
    if (ranges) return { ranges, negated: character !== character.toLowerCase() };
    if (character === 'x' || character === 'u') return single(this.hexadecimal());
    const control = CONTROLS[character];
    if (control !== undefined) return single(control);
    if (/[A-Za-z1-9]/.test(character)) throw this.error(`'\\${character}' is not offered`);
    return single(character.codePointAt(0)!);
  }

  private hexadecimal(): number {
    const letter = this.text[this.at - 1];
    const pattern = letter === 'x' ? /^([0-9a-f]{2})/i : /^(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})/i;
    const [whole, plain, braced] = pattern.exec(this.text.slice(this.at, this.at + 8)) ?? [];
    const code = Number.parseInt(plain ?? braced ?? '', 16);
    if (whole === undefined || code > LAST_CODE) throw this.error(`digits are missing after '\\${letter}'`);
    this.at += whole.length;
    return code;
  }

  private brackets(): CharSet {
    const negated = this.text[this.at] === '^';
    if (negated) this.at++;
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; ; first = false) {
      if (this.at >= this.text.length) throw this.error(`']' is missing`);
      if (this.text[this.at] === ']' && !first) break;
      ranges.push(...this.member());
    }
    this.at++;
    return { ranges, negated };
  }

  private member(): CharSet['ranges'] {
    const [named, name] = /^\[:(\w+):\]/.exec(this.text.slice(this.at, this.at + 16)) ?? [];
    if (named !== undefined) {
      this.at += named.length;
      const ranges = NAMED[name!];
      if (!ranges) throw this.error(`there is no class ${named}`);
      return ranges;
    }
    const low = this.bracketed();
    const isRange = this.text[this.at] === '-' && this.at + 1 < this.text.length && this.text[this.at + 1] !== ']';
    if (!isRange) return low.negated ? complement(low.ranges) : low.ranges;
    this.at++;
    const [from, to] = [onlyCode(low), onlyCode(this.bracketed())];
    if (from === null || to === null || from > to) throw this.error('a range runs backwards or has a class at its end');
    return [[from, to]];
  }

  private bracketed(): CharSet {
    const character = this.next();
    if (character !== '\\') return single(character.codePointAt(0)!);
    const escaped = this.next();
    return escaped === 'b' ? single(8) : this.escaped(escaped);
  }
}

const single = (code: number): CharSet => ({ ranges: [[code, code]], negated: false });
const literal = (code: number): Regex => ({ kind: 'set', set: single(code) });

function onlyCode({ ranges, negated }: CharSet): number | null {
  const [range, ...more] = ranges;
  return !negated && more.length === 0 && range && range[0] === range[1] ? range[0] : null;
}

function complement(ranges: CharSet['ranges']): CharSet['ranges'] {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  const gaps: [number, number][] = [];
  let from = 0;
  for (const [low, high] of sorted) {
    if (low > from) gaps.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  return [...gaps, [from, LAST_CODE]];
}

function bounds(sign = '', low = '', comma = '', high = ''): [number, number] {
  if (sign !== '') return [sign === '+' ? 1 : 0, sign === '?' ? 1 : Infinity];
  return [Number(low), comma === '' ? Number(low) : high === '' ? Infinity : Number(high)];
}
