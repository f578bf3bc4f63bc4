// A slot for each page, by tables of 512 as the machine's own are: a look-up is two loads, and putting a slot allocates nothing.

const TABLE_PAGES = 512;
const TABLE_SHIFT = 9;

export class SlotTable {
  /** By the page number's upper part; an entry is a slot + 1, or 0. */
  private readonly tables: (Uint32Array | undefined)[] = [];
  size = 0;

  /** The slot of page `gfn`, -1 if it has none. */
  get(gfn: number): number {
    const table = this.tables[gfn >>> TABLE_SHIFT];
    return table === undefined ? -1 : table[gfn & (TABLE_PAGES - 1)]! - 1;
  }

  /** Page `gfn` lies in slot `slot` from now on. Returns where it lay, -1 for nowhere. */
  put(gfn: number, slot: number): number {
    const table = (this.tables[gfn >>> TABLE_SHIFT] ??= new Uint32Array(TABLE_PAGES));
    const at = gfn & (TABLE_PAGES - 1);
    const before = table[at]! - 1;
    table[at] = slot + 1;
    if (before < 0) this.size++;
    return before;
  }

  /** All pages that have a slot, and the slot. */
  *[Symbol.iterator](): Generator<[gfn: number, slot: number]> {
    for (const [upper, table] of this.tables.entries()) {
      if (table === undefined) continue;
      for (let at = 0; at < TABLE_PAGES; at++) if (table[at] !== 0) yield [upper * TABLE_PAGES + at, table[at]! - 1];
    }
  }
}
