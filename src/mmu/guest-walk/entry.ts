// Bits of the guest's paging-structure entries (SDM vol. 3, "Paging", the figures and tables of each mode), as bits of the low
// half unless said otherwise, and the page-fault error code.

export const PTE_P = 1;
export const PTE_W = 2;
export const PTE_U = 4;
export const PTE_A = 0x20;
export const PTE_D = 0x40;
/** In a PDE or PDPTE: maps a page. Reserved in a PML4E. */
export const PTE_PS = 0x80;
export const PTE_G = 0x100;
/** High half: execute-disable; reserved unless EFER.NXE. */
export const PTE_XD = 0x80000000;

/** High half: address bits within MAXPHYADDR = 40. */
export const HIGH_ADDRESS = 0xff;
/** High half: bits 51:40, reserved with 4-level paging. Bits 62:52 are ignored. */
export const HIGH_RESERVED_LONG = 0x000fff00;
/** High half: bits 62:40, reserved with PAE paging. */
export const HIGH_RESERVED_PAE = 0x7fffff00;

/** Reserved low-half bits of leaves: bits 29:13 of 1 GiB, 20:13 of 2 MiB, and bit 21 of 4 MiB (PSE-36 with 40 bits). */
export const RESERVED_1G = 0x3fffe000;
export const RESERVED_2M = 0x001fe000;
export const RESERVED_4M = 0x00200000;

/** Page-fault error code (SDM vol. 3, "Page-Fault Exceptions"). */
export const PageFault = { P: 1, W: 2, U: 4, RSVD: 8, I: 16 } as const;

/** The frame of the table or 4 KiB page an entry refers to. */
export const frameOf = (low: number, high: number): number => ((high & HIGH_ADDRESS) << 20) | (low >>> 12);
