// How much memory there is, in the three ways in which INT 15H has come to tell it: AH = 88H, AX = E801H and AX = E820H.

import type { Caller } from './caller.ts';
import { EBDA } from './data-area.ts';
import type { Firmware, RamRange } from './firmware.ts';
import { ROM_BASE } from './rom.ts';

const KIB = 1024;
const MIB = 2 ** 20;
const UNIT_64K = 65536;
/** What AH = 88H tells at most, in KiB: programs that ask it are not made for more. */
const MAX_88 = 63 * 1024;
/** The hole at 16 MiB: AX = E801H counts KiB up to it, and units of 64 KiB from it on. */
const HOLE = 16 * MIB;
const SMAP = 0x534d4150;
const ENTRY_BYTES = 20;
const RAM = 1;
const RESERVED = 2;

export interface MapEntry extends RamRange {
  readonly type: typeof RAM | typeof RESERVED;
}

/** The address map: conventional memory up to the EBDA, the firmware's own, and the RAM beyond 1 MiB. */
export function mapEntries(ram: readonly RamRange[]): MapEntry[] {
  const entries: MapEntry[] = [
    { base: 0, size: EBDA.BASE, type: RAM },
    { base: EBDA.BASE, size: EBDA.KIB * KIB, type: RESERVED },
    { base: ROM_BASE, size: MIB - ROM_BASE, type: RESERVED },
  ];
  for (const { base, size } of ram) {
    const start = Math.max(base, MIB);
    if (base + size > start) entries.push({ base: start, size: base + size - start, type: RAM });
  }
  return entries;
}

/** AX = E820H: entry EBX to ES:DI, ECX bytes at most; EBX becomes the number of the next, 0 after the last. False: no such entry. */
export function addressMap(firmware: Firmware, caller: Caller): boolean {
  const entries = mapEntries(firmware.ram());
  const entry = entries[caller.ebx];
  if (!entry || caller.edx !== SMAP || caller.ecx < ENTRY_BYTES) return false;
  const bytes = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(entry.base), true);
  view.setBigUint64(8, BigInt(entry.size), true);
  view.setUint32(16, entry.type, true);
  caller.write(caller.es(caller.di), bytes);
  caller.eax = SMAP;
  caller.ecx = ENTRY_BYTES;
  caller.ebx = (caller.ebx + 1) % entries.length;
  return true;
}

/** AH = 88H: AX becomes the KiB beyond 1 MiB. AX = E801H: AX and CX those below 16 MiB, BX and DX units of 64 KiB above it. */
export function extendedMemory(firmware: Firmware, caller: Caller): boolean {
  const low = firmware.ram().find(({ base, size }) => base <= MIB && base + size > MIB);
  const end = low ? Math.min(low.base + low.size, 2 ** 32) : MIB;
  if (caller.ah === 0x88) {
    caller.ax = Math.min((end - MIB) / KIB, MAX_88);
    return true;
  }
  caller.ax = caller.cx = (Math.min(end, HOLE) - MIB) / KIB;
  caller.bx = caller.dx = Math.floor(Math.max(0, end - HOLE) / UNIT_64K);
  return true;
}
