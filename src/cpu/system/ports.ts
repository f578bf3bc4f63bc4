// Port I/O: permission (SDM vol. 1, "I/O Privilege Level", "I/O Permission Bit Map") and the access itself.

import type { AccessWidth } from '../../base/device.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { notePortAccess } from '../breakpoints.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { readOutside, writeOutside } from '../outside.ts';
import { Vector } from '../arch/vectors.ts';
import { IMPLICIT, NO_SEGMENT, SystemType } from './descriptor.ts';
import { isVirtual8086, narrow, tableAddress } from './helper.ts';

/** Where a TSS keeps the offset of its I/O bit map, in 32-bit and 64-bit format alike. */
const IO_MAP_BASE = 102;

/** #GP(0) unless CPL ≤ IOPL, or the TSS's bit map has 0 for each of the `width` ports. In virtual-8086 mode only the map counts. */
function requirePermission(cpu: Cpu, port: number, width: number): void {
  if ((cpu.cpl > cpu.iopl || isVirtual8086(cpu)) && !mapPermits(cpu, port, width)) cpu.raise(Vector.GP, 0);
}

function mapPermits(cpu: Cpu, port: number, width: number): boolean {
  const { segAttributes, segBase, segLimit } = cpu.state;
  const type = segAttributes[Seg.TR] & SegAttr.TYPE;
  const limit = segLimit[Seg.TR];
  if ((type !== SystemType.TSS_BUSY && type !== SystemType.TSS) || limit < IO_MAP_BASE + 1) return false;
  const base = segBase[Seg.TR];
  const map = cpu.memory.load(tableAddress(cpu, base, IO_MAP_BASE), 2, NO_SEGMENT, IMPLICIT);
  const at = map + (port >>> 3);
  // Two bytes are read for every access, so the map ends with one more byte than the ports need.
  if (at + 1 > limit) return false;
  const bits = cpu.memory.load(tableAddress(cpu, base, at), 2, NO_SEGMENT, IMPLICIT);
  return ((bits >>> (port & 7)) & ((1 << width) - 1)) === 0;
}

const portOf = (x: number): number => x & 0xffff;

/** The low `width` bytes, unsigned. */
const cutTo = (width: AccessWidth, x: number): number => (width === 4 ? x >>> 0 : x & (width === 2 ? 0xffff : 0xff));

/** x = port. */
export const checkPort = narrow((cpu, i, x) => {
  requirePermission(cpu, portOf(x), i.size);
  return 0;
});

/** x = port; returns the value of i.size bytes. A port that nobody claims leaves the machine as an exit. */
export const portIn = narrow((cpu, i, x) => {
  const port = portOf(x);
  const width = i.size as AccessWidth;
  requirePermission(cpu, port, width);
  if (cpu.breakpoints) notePortAccess(cpu, port, width);
  return cutTo(width, readOutside(cpu, 'io', port, width));
});

/** x = port, y = value. */
export const portOut = narrow((cpu, i, x, y) => {
  const port = portOf(x);
  const width = i.size as AccessWidth;
  requirePermission(cpu, port, width);
  if (cpu.breakpoints) notePortAccess(cpu, port, width);
  writeOutside(cpu, 'io', port, width, cutTo(width, y));
  return 0;
});
