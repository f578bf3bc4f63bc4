// Loading the PDPTEs of PAE paging (SDM vol. 3, "PDPTE Registers"): at MOV to CR3 and at the changes of CR0 and CR4 that
// turn PAE paging on or alter it, never during a walk.

import type { SecondLevel } from '../second-level.ts';
import { HIGH_ADDRESS, PTE_P } from './entry.ts';

/** Bits 2:1 and 8:5 of a present PDPTE, and bits 63:40 in the high half. */
const RESERVED_LOW = 0x1e6;
const RESERVED_HIGH = ~HIGH_ADDRESS;
const PDPTES = 4;

/** Loads from the 32-byte table at `cr3` (bits 31:5 count) into `pdpte`; false, and nothing loaded, on a reserved bit. */
export function loadPdptes(u32: Uint32Array, second: SecondLevel, cr3: number, pdpte: BigUint64Array): boolean {
  const table = (cr3 & ~0x1f) >>> 0;
  const page = second.pdptePage(table >>> 12);
  if (page < 0) return false; // all ones, as a bus nobody answers
  const word = (page + (table & 0xfff)) / 4;
  for (let i = 0; i < PDPTES; i++) {
    const low = u32[word + 2 * i]!;
    const high = u32[word + 2 * i + 1]!;
    if ((low & PTE_P) !== 0 && ((low & RESERVED_LOW) !== 0 || (high & RESERVED_HIGH) !== 0)) return false;
  }
  for (let i = 0; i < PDPTES; i++) {
    pdpte[i] = (BigInt(u32[word + 2 * i + 1]!) << 32n) | BigInt(u32[word + 2 * i]!);
  }
  return true;
}
