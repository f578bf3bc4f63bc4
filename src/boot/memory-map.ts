// The memory map that guests are told, which multiboot and PVH both number as E820 does.

import type { BootTarget } from './target.ts';

export const MemoryType = { RAM: 1, RESERVED: 2 } as const;

export interface MemoryMapEntry {
  readonly base: number;
  readonly size: number;
  readonly type: 1 | 2;
}

/**
 * Between the end of conventional memory and 1 MiB a PC has its extended BIOS data area, adapters and firmware. Guests take none of it
 * for RAM, whatever they are told.
 */
export const CONVENTIONAL_END = 0x9fc00;
export const ADAPTER_END = 0x100000;

/** The RAM ranges in order of address, those that touch joined. */
export function joinedRam(memory: BootTarget['memory']): { base: number; end: number }[] {
  const joined: { base: number; end: number }[] = [];
  for (const { base, size } of [...memory].sort((a, b) => a.base - b.base)) {
    if (size <= 0) continue;
    const last = joined.at(-1);
    if (last && base <= last.end) last.end = Math.max(last.end, base + size);
    else joined.push({ base, end: base + size });
  }
  return joined;
}

/** The RAM that is free for the guest, and what firmware and adapters have, which is reserved; in order of address. */
export function memoryMap(memory: BootTarget['memory']): MemoryMapEntry[] {
  const map: MemoryMapEntry[] = [];
  const add = (base: number, end: number, type: 1 | 2): void => {
    if (end > base) map.push({ base, size: end - base, type });
  };
  for (const { base, end } of joinedRam(memory)) {
    add(base, Math.min(end, CONVENTIONAL_END), MemoryType.RAM);
    add(Math.max(base, ADAPTER_END), end, MemoryType.RAM);
  }
  map.push({ base: CONVENTIONAL_END, size: ADAPTER_END - CONVENTIONAL_END, type: MemoryType.RESERVED });
  return map.sort((a, b) => a.base - b.base);
}
