// Bit layout of EPTPs and EPT entries (SDM vol. 3, "The Extended Page Table Mechanism (EPT)"), as bits of the low half unless
// said otherwise:
//
//   EPTP   2:0 memory type of the tables | 5:3 walk length - 1 | 6 enable A/D | 11:7 reserved | 39:12 table | 63:40 reserved
//   entry  0 R | 1 W | 2 X | 5:3 memory type | 6 ignore PAT | 7 leaf (PDPTE, PDE) | 8 A | 9 D | 11 ours | 39:12 address
//
// Host-physical addresses are byte offsets in the linear memory, so they are below 4 GiB and the high half is always 0 in our
// own tables; the walker still honours it, as hardware does.

export const EPT_R = 1;
export const EPT_W = 2;
export const EPT_X = 4;
export const EPT_RWX = 7;
export const EPT_MEMORY_TYPE = 0x38;
export const EPT_WRITE_BACK = 6 << 3;
/** A PDPTE or PDE with this bit maps a page of 1 GiB or 2 MiB. */
export const EPT_LEAF = 0x80;
export const EPT_A = 0x100;
export const EPT_D = 0x200;
/** Ignored by the walk (bit 11 is software's): the memslot lets the guest write, whether or not W is clear just now. */
export const EPT_SLOT_WRITABLE = 0x800;
/** Address bits of the low half. */
export const EPT_ADDRESS = 0xfffff000;
/** Address bits of the high half beyond MAXPHYADDR = 40: reserved. */
export const EPT_HIGH_RESERVED = 0x000fff00;
/** Address bits of the high half within MAXPHYADDR. */
export const EPT_HIGH_ADDRESS = 0xff;

export const EPTP_AD_ENABLE = 0x40;
const EPTP_WALK_LENGTH_4 = 3 << 3;
const EPTP_WRITE_BACK = 6;

/** The EPTP of a table root at host offset `root` (page aligned), A/D bits off: write-back, four levels. */
export const makeEptp = (root: number): number => root + EPTP_WALK_LENGTH_4 + EPTP_WRITE_BACK;

/** Whether VM entry would accept `eptp`, given as its two halves (SDM vol. 3, "Checks on VMX Controls"). */
export function isEptpValid(low: number, high: number): boolean {
  const memoryType = low & 7;
  const reserved = (low & 0xf80) | (high & ~EPT_HIGH_ADDRESS);
  return (memoryType === 0 || memoryType === 6) && (low & 0x38) === EPTP_WALK_LENGTH_4 && reserved === 0;
}

/** By level (1: PTE … 4: PML4E): log2 of the pages one entry covers, which is the shift of its index in a GFN. */
export const EPT_SHIFT = [0, 0, 9, 18, 27] as const;
export const EPT_2M_PAGES = 512;
export const EPT_1G_PAGES = 512 * 512;

/** Whether a present entry of `level` maps a page rather than referring to a table. */
export const isEptLeaf = (level: number, low: number): boolean => level === 1 || (level < 4 && (low & EPT_LEAF) !== 0);

/** Reserved bits of the low half: [level][leaf]. */
const RESERVED_TABLE = [0, 0, 0x78, 0x78, 0xf8] as const;
const RESERVED_LEAF = [0, 0, 0x001ff000, 0x3ffff000, 0] as const;

/**
 * Whether a present entry is misconfigured (SDM vol. 3, "EPT Misconfigurations"): W without R, a reserved bit, or a leaf with
 * memory type 2, 3 or 7. X alone is supported.
 */
export function isEptMisconfigured(level: number, low: number, high: number): boolean {
  if ((low & (EPT_R | EPT_W)) === EPT_W || (high & EPT_HIGH_RESERVED) !== 0) return true;
  if (!isEptLeaf(level, low)) return (low & RESERVED_TABLE[level]!) !== 0;
  const memoryType = (low & EPT_MEMORY_TYPE) >>> 3;
  return (low & RESERVED_LEAF[level]!) !== 0 || memoryType === 2 || memoryType === 3 || memoryType === 7;
}
