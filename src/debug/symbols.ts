// Names of code by address: of an ELF file's .symtab, or of a System.map as Linux and `nm` write it.

import { requireBytes, requireString } from '../base/arguments.ts';
import { ImageReader } from '../boot/bytes.ts';
import { isElf } from '../boot/elf.ts';
import { readElfSymbols } from './elf-symbols.ts';
import type { LinkedRange, NamedAddress } from './elf-symbols.ts';

export interface SymbolAt {
  readonly name: string;
  /** Bytes from the symbol's address. */
  readonly offset: number;
}

/** How far the last symbol of a table reaches that says nothing of its size. */
const LAST_REACH = 0x10000n;
/** `nm`'s letters for code: text, weak, and indirect functions. */
const MAP_LINE = /^([0-9a-f]{1,16}) ([a-zA-Z?-]) (\S+)/i;
const CODE_LETTERS = 'tTwWi';

export class Symbols {
  /** By address, without two of one address. */
  private readonly sorted: readonly NamedAddress[];
  /** By name, the first address that has it. */
  private readonly addresses = new Map<string, bigint>();

  /** `symbols`: where two have one address, the first counts. `ranges`: where the image is linked, and where it is loaded. */
  private constructor(
    symbols: readonly NamedAddress[],
    private readonly ranges: readonly LinkedRange[],
  ) {
    const byAddress = new Map<bigint, NamedAddress>();
    for (const symbol of symbols) {
      const { name, address } = symbol;
      if (!byAddress.has(address)) byAddress.set(address, symbol);
      if (!this.addresses.has(name)) this.addresses.set(name, address);
    }
    this.sorted = [...byAddress.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /**
   * The symbols in `bytes`, the file `name`: ELF of either class, or a System.map. C++ names stay as they are. InputError, one line, for
   * a file that is neither, or that has no symbols of code.
   */
  static parse(name: string, bytes: Uint8Array): Symbols {
    requireString('name', name);
    requireBytes('bytes', bytes);
    const file = new ImageReader(name, bytes);
    if (!isElf(bytes)) return new Symbols(readMap(file), []);
    const { symbols, ranges } = readElfSymbols(file);
    if (symbols.length === 0) throw file.error(null, 'the ELF file has no symbols of code (it was stripped)');
    return new Symbols(symbols, ranges);
  }

  get count(): number {
    return this.sorted.length;
  }

  /**
   * The symbol that holds linear address `address` (unsigned), the nearest one before it. An image that still runs where it was loaded,
   * and not where it is linked, is known by its segments. Null for an address that belongs to none.
   */
  at(address: bigint): SymbolAt | null {
    return this.linked(address) ?? this.loaded(address);
  }

  /** All names. @internal */
  get names(): readonly string[] {
    return [...this.addresses.keys()];
  }

  /** The addresses [from, to) of the symbol called `name`; null if there is none. */
  rangeOf(name: string): { readonly from: bigint; readonly to: bigint } | null {
    const address = this.addresses.get(name);
    if (address === undefined) return null;
    const index = this.sorted.findIndex((symbol) => symbol.address === address);
    return { from: this.sorted[index]!.address, to: this.endOf(index) };
  }

  private loaded(address: bigint): SymbolAt | null {
    const range = this.ranges.find(({ physical, size }) => address >= physical && address < physical + size);
    return range ? this.linked(address - range.physical + range.virtual) : null;
  }

  private linked(address: bigint): SymbolAt | null {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.sorted[low - 1];
    if (!symbol || address >= this.endOf(low - 1)) return null;
    return { name: symbol.name, offset: Number(address - symbol.address) };
  }

  /** A symbol reaches to the next one, so that code after a symbol's size is not nameless; the last one to its end. */
  private endOf(index: number): bigint {
    const { address, size } = this.sorted[index]!;
    const next = this.sorted[index + 1]?.address;
    const range = this.ranges.find(({ virtual, size: bytes }) => address >= virtual && address < virtual + bytes);
    const end = range ? range.virtual + range.size : address + (size > 0n ? size : LAST_REACH);
    return next === undefined || next > end ? end : next;
  }
}

function readMap(file: ImageReader): NamedAddress[] {
  const found: NamedAddress[] = [];
  for (const line of new TextDecoder().decode(file.bytes).split('\n')) {
    const match = MAP_LINE.exec(line);
    if (match && CODE_LETTERS.includes(match[2]!)) found.push({ name: match[3]!, address: BigInt(`0x${match[1]}`), size: 0n });
  }
  if (found.length === 0) throw file.error(null, "neither an ELF file nor a System.map: no line is 'ADDRESS t NAME'");
  return found;
}

/** `name`, or `name+0x1c`. */
export const symbolText = ({ name, offset }: SymbolAt): string => (offset === 0 ? name : `${name}+0x${offset.toString(16)}`);
