// --trace-filter: which instructions and events a trace shows.

import { InputError } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/near.ts';
import type { Symbols } from '../../../debug/symbols.ts';
import { parseInteger } from '../../values.ts';

/** Linear addresses, [from, to). */
export interface AddressRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** What is asked for. Of places and of vCPUs each is welcome; none are all. */
export interface TraceFilter {
  readonly ranges: readonly AddressRange[];
  readonly functions: readonly string[];
  readonly vcpus: readonly number[];
  /** Null for any number. */
  readonly count: number | null;
}

export const NO_FILTER: TraceFilter = { ranges: [], functions: [], vcpus: [], count: null };

const MAX_VCPU = 29;
const KINDS = 'an address such as 0x1000, 0x1000..0x1fff or 0x1000+0x100, a function, vcpu=N or count=N';
const NUMBER = /^(?:\d+|0x[0-9a-f]+)$/i;
/** Names of functions begin with no digit, which addresses do. */
const NAME = /^[\p{L}_.$?@][^\s\p{C},=]*$/u;

/** Adds what the comma list `text` says. Throws InputError with a message that reads on after the option's name. */
export const addFilters = (text: string, filter: TraceFilter): TraceFilter =>
  text.split(',').reduce((sum, word) => addFilter(word, sum), filter);

function addFilter(word: string, filter: TraceFilter): TraceFilter {
  const [key, value] = word.split('=', 2);
  if (value !== undefined && key === 'vcpu') return { ...filter, vcpus: [...filter.vcpus, parseInteger(value, 0, MAX_VCPU)] };
  if (value !== undefined && key === 'count') return { ...filter, count: parseInteger(value, 1, Number.MAX_SAFE_INTEGER) };
  if (NAME.test(word)) return { ...filter, functions: [...filter.functions, word] };
  return { ...filter, ranges: [...filter.ranges, parseRange(word)] };
}

function parseRange(word: string): AddressRange {
  const [, first = '', sign, second = ''] = /^(.*?)(?:(\.\.|\+)(.*))?$/s.exec(word) ?? [];
  if (!NUMBER.test(first) || (sign !== undefined && !NUMBER.test(second))) throw new InputError(`'${word}' is not ${KINDS}`);
  const from = BigInt(first);
  const to = sign === undefined ? from + 1n : sign === '..' ? BigInt(second) + 1n : from + BigInt(second);
  if (to > 2n ** 64n || from >= 2n ** 64n) throw new InputError(`'${word}' reaches beyond the 64 bits of an address`);
  if (to <= from) throw new InputError(`'${word}' has no address in it`);
  return { from, to };
}

/** A filter at work. */
export class Selection {
  private left: number;

  private constructor(
    private readonly filter: TraceFilter,
    private readonly isIn: (linear: bigint) => boolean,
  ) {
    this.left = filter.count ?? Infinity;
  }

  /** `vcpus`: how many the machine has. InputError for a vCPU or a function that it does not have. */
  static of(filter: TraceFilter, vcpus: number, symbols: Symbols | null): Selection {
    const vcpu = filter.vcpus.find((n) => n >= vcpus);
    if (vcpu !== undefined) throw new InputError(`--trace-filter vcpu=${vcpu}: the machine has ${vcpus}, counted from 0`);
    const names = filter.functions.map((name) => functionName(name, symbols));
    const isIn = (linear: bigint): boolean => {
      if (filter.ranges.some(({ from, to }) => linear >= from && linear < to)) return true;
      const name = names.length > 0 ? symbols!.at(linear)?.name : undefined;
      return name !== undefined && names.includes(name);
    };
    return new Selection(filter, isIn);
  }

  /** What passes depends on where the instruction is. */
  get isByPlace(): boolean {
    return this.filter.ranges.length + this.filter.functions.length > 0;
  }

  /** As many as were asked for have been shown. */
  get isOver(): boolean {
    return this.left <= 0;
  }

  /** Null: belongs to no vCPU, or to no instruction. */
  passes(vcpu: number | null, linear: bigint | null): boolean {
    const { vcpus } = this.filter;
    if (vcpus.length > 0 && (vcpu === null || !vcpus.includes(vcpu))) return false;
    return !this.isByPlace || (linear !== null && this.isIn(linear));
  }

  /** One more is shown. */
  count(): void {
    this.left--;
  }
}

/** The name by which `Symbols.at` knows the function `name`. */
function functionName(name: string, symbols: Symbols | null): string {
  if (symbols === null)
    throw new InputError(`--trace-filter ${name}: there are no names of functions here; --symbols F says where they are`);
  const range = symbols.rangeOf(name);
  if (range === null) throw new InputError(`--trace-filter ${name}: no function has that name${didYouMean(name, symbols.names)}`);
  return symbols.at(range.from)!.name;
}
