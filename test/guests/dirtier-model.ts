// What the dirtier's region holds at the end of a run, worked out on the host: the values depend on the order of its random
// draws and on nothing else. Patterns and draws are those of guests/dirtier/patterns.c.
import { MIX_START, Xorshift32, hex, mix } from './arithmetic.ts';

export const PATTERNS = ['sequential', 'random', 'hotcold', 'pagetables', 'aliases', 'crossing', 'selfmod'] as const;
export type Pattern = (typeof PATTERNS)[number];

export interface DirtierOptions {
  readonly pattern: Pattern | 'mixed';
  readonly pages: number;
  readonly iterations: number;
  readonly rate: number;
  readonly group: number;
  readonly seed: number;
}

export const DEFAULTS: DirtierOptions = { pattern: 'mixed', pages: 256, iterations: 56, rate: 256, group: 8, seed: 1 };

const PAGE_BYTES = 4096;
const SLOT_COUNT = 4096;

/** A run in self-counting mode: `output` is what it prints, `region` the bytes it leaves. */
export function modelDirtier(options: DirtierOptions): { output: string; region: Uint8Array } {
  const { pages, iterations, rate, group } = options;
  const region = new Uint8Array(pages * PAGE_BYTES);
  const view = new DataView(region.buffer);
  const random = new Xorshift32((Math.imul(options.seed, 2654435761) | 1) >>> 0);
  const any = (count: number): number => random.next() % count;
  const store = (page: number, offset: number, value: number): void => view.setUint32(page * PAGE_BYTES + offset, value, true);
  let nextPage = 0;

  const write: Record<Pattern, (value: number) => number> = {
    sequential(value) {
      store(nextPage, 0, value);
      nextPage = (nextPage + 1) % pages;
      return 1;
    },
    random(value) {
      store(any(pages), 0, value);
      return 1;
    },
    hotcold(value) {
      store(any(10) ? any(Math.max(1, Math.floor(pages / 8))) : any(pages), 0, value);
      return 1;
    },
    pagetables(value) {
      store(any(pages), 0, value);
      any(SLOT_COUNT);
      any(SLOT_COUNT);
      return 1;
    },
    aliases(value) {
      store(any(pages), 0, value);
      any(4);
      return 1;
    },
    crossing(value) {
      if (pages < 2) return write.sequential(value);
      const index = any(pages - 1);
      const backward = any(2) === 1;
      const first = backward ? pages - 1 - index : index;
      const second = backward ? first - 1 : first + 1;
      store(first, 0, value);
      store(first, PAGE_BYTES - 4, value);
      store(second, 0, value);
      return 2;
    },
    selfmod(value) {
      const page = any(pages);
      store(page, 0, value);
      region.set([0xb8, 0, 0, 0, 0, 0xc3], page * PAGE_BYTES + 0x800);
      store(page, 0x801, ~value);
      region.set([0xc7, 0x40, 8, 0, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0xc3], page * PAGE_BYTES + 0x900);
      store(page, 0x903, value + 1);
      store(page, 0x908, value + 1);
      return 1;
    },
  };

  let output = 'dirtier: start\n';
  let total = 0;
  for (let pass = 0, turn = 0; pass < iterations; turn++) {
    const pattern = options.pattern === 'mixed' ? PATTERNS[turn % PATTERNS.length] : options.pattern;
    const first = pass + 1;
    let writes = 0;
    for (let n = 0; n < group && pass < iterations; n++) {
      pass++;
      for (let w = 0; w < rate; w++) writes += write[pattern](pass);
    }
    total += writes;
    output += `dirtier: ${first}-${pass} ${pattern} writes=${writes}\n`;
  }
  const checksum = new Uint32Array(region.buffer).reduce(mix, MIX_START);
  output += `dirtier: iterations=${iterations} writes=${total} checksum=${hex(checksum)}\n`;
  return { output, region };
}
