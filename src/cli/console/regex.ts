// A regular expression as a machine of states that takes a line character by character and says at which one it has matched. All states
// that a line may be in are followed at once (Thompson, "Regular Expression Search Algorithm", 1968), so no line and no expression takes
// longer than its length times the expression's. What an expression says of the character to come ($, \b) is settled when that is there.
// JavaScript's own expressions may take exponential time. Libraries that do not, such as re2js, match whole strings: on a line that is
// still being printed they cannot tell its end from its last character so far, nor go on where they left off.

import { InputError } from '../../base/errors.ts';
import { parseRegex } from './regex-syntax.ts';
import type { Assertion, CharSet, Regex as Tree } from './regex-syntax.ts';

/** One state: `next` and `other` are where it leads. */
type State =
  | { readonly kind: 'set'; readonly set: CharSet; next: number }
  | { readonly kind: 'assertion'; readonly what: Assertion; next: number }
  | { readonly kind: 'split'; next: number; other: number }
  | { readonly kind: 'match' };

const MOST_STATES = 5000;
/** In place of the character before a line's first and after its last. */
const NONE = -1;

export interface Regex {
  /** As it was written. */
  readonly source: string;
  readonly states: readonly State[];
  readonly start: number;
  readonly ignoreCase: boolean;
}

/** Compiles `source`. InputError, one line that quotes it, if it is none that is understood, or too large. */
export function compileRegex(source: string): Regex {
  const { tree, ignoreCase } = parseRegex(source);
  const states: State[] = [{ kind: 'match' }];
  const add = (state: State): number => {
    if (states.length >= MOST_STATES) throw new InputError(`'${source}' is too large an expression`);
    return states.push(state) - 1;
  };
  return { source, states, start: build(tree, 0, add), ignoreCase };
}

/** The first state of what matches `tree` and then goes on at `next`. Built from behind, so that `next` is known. */
function build(tree: Tree, next: number, add: (state: State) => number): number {
  switch (tree.kind) {
    case 'set':
      return add({ kind: 'set', set: tree.set, next });
    case 'assertion':
      return add({ kind: 'assertion', what: tree.what, next });
    case 'sequence':
      return tree.parts.reduceRight((after, part) => build(part, after, add), next);
    case 'choice':
      return tree.parts.map((part) => build(part, next, add)).reduceRight((other, first) => add({ kind: 'split', next: first, other }));
    default:
      return repeat(tree, next, add);
  }
}

function repeat({ of, min, max }: Extract<Tree, { kind: 'repeat' }>, next: number, add: (state: State) => number): number {
  let at = next;
  if (max === Infinity) {
    const loop = { kind: 'split' as const, next, other: next };
    at = add(loop);
    loop.next = build(of, at, add);
  } else {
    for (let n = min; n < max; n++) at = add({ kind: 'split', next: build(of, at, add), other: next });
  }
  for (let n = 0; n < min; n++) at = build(of, at, add);
  return at;
}

const isWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a);

const within = (ranges: CharSet['ranges'], code: number): boolean => ranges.some(([low, high]) => code >= low && code <= high);

function includes({ ranges, negated }: CharSet, code: number, ignoreCase: boolean): boolean {
  if (within(ranges, code)) return !negated;
  return negated !== (ignoreCase && otherCases(code).some((other) => within(ranges, other)));
}

function otherCases(code: number): number[] {
  const text = String.fromCodePoint(code);
  return [text.toLowerCase(), text.toUpperCase()].map((other) => other.codePointAt(0)!);
}

/** Follows one expression along the lines of a console. */
export class RegexMatcher {
  /** States in which the next character decides. */
  private alive: number[] = [];
  /** Assertions that the next character, or the line's end, decides. */
  private waiting: number[] = [];
  private readonly seen: Uint32Array;
  private round = 0;
  private before = NONE;
  private matched = false;

  /** `before`: the character that the text goes on after, in the middle of a line. */
  constructor(
    private readonly regex: Regex,
    before: number | null = null,
  ) {
    this.seen = new Uint32Array(regex.states.length);
    if (before === null) this.startLine();
    else {
      this.before = before;
      this.round++;
      this.open();
    }
  }

  /** Takes a character. Whether the expression has matched by now; then this matcher is done with. */
  character(code: number): boolean {
    if (this.settle(code)) return true;
    const { states, ignoreCase } = this.regex;
    const from = this.alive;
    this.alive = [];
    this.before = code;
    this.round++;
    for (const index of from) {
      const state = states[index]!;
      if (state.kind === 'set' && includes(state.set, code, ignoreCase)) this.follow(state.next);
    }
    return this.open();
  }

  /** The line ends. */
  lineEnd(): boolean {
    return this.settle(NONE) || this.startLine();
  }

  /** Whether the expression has matched already. */
  get done(): boolean {
    return this.matched;
  }

  private startLine(): boolean {
    this.alive = [];
    this.waiting = [];
    this.before = NONE;
    this.round++;
    return this.open();
  }

  /** A match may begin at each character. */
  private open(): boolean {
    this.follow(this.regex.start);
    return this.matched;
  }

  /** The assertions that waited for the character `next`. */
  private settle(next: number): boolean {
    if (this.waiting.length === 0) return this.matched;
    const waiting = this.waiting;
    this.waiting = [];
    // Another round: what is reached by way of an assertion may not have been reached without.
    this.round++;
    for (const index of this.alive) this.seen[index] = this.round;
    for (const index of waiting) this.follow(index, next);
    return this.matched;
  }

  /** Goes on from the state at `start` without taking a character. `next` is the coming one, null while it is not known. */
  private follow(start: number, next: number | null = null): void {
    const stack = [start];
    while (stack.length > 0) {
      const index = stack.pop()!;
      const state = this.regex.states[index]!;
      if (this.seen[index] === this.round) continue;
      this.seen[index] = this.round;
      if (state.kind === 'match') this.matched = true;
      else if (state.kind === 'set') this.alive.push(index);
      else if (state.kind === 'split') stack.push(state.other, state.next);
      else if (state.what === 'line-start') {
        if (this.before === NONE) stack.push(state.next);
      } else if (next === null) this.waiting.push(index);
      else if (holds(state.what, this.before, next)) stack.push(state.next);
    }
  }
}

function holds(what: Assertion, before: number, next: number): boolean {
  if (what === 'line-end') return next === NONE;
  return (isWord(before) !== isWord(next)) === (what === 'boundary');
}

/** Whether `text`, of one line, has a match. */
export function matches(regex: Regex, text: string): boolean {
  const matcher = new RegexMatcher(regex);
  if (matcher.done) return true;
  for (const character of text) if (matcher.character(character.codePointAt(0)!)) return true;
  return matcher.lineEnd();
}
