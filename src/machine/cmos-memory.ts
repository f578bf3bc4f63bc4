// What a PC's firmware leaves in CMOS RAM: how much memory there is, as guests that ask no firmware read it.

const KIB = 1024;
const MIB = 2 ** 20;
const UNIT_64K = 65536;
const WORD = 0xffff;

/** CMOS bytes by offset for RAM of `low` bytes from 0 and `high` bytes from 4 GiB. */
export function cmosMemory(low: number, high: number): Map<number, number> {
  const base = Math.min(low, 640 * KIB) / KIB;
  // Above 1 MiB in KiB, as far as 16 bits go; above 16 MiB, and above 4 GiB, in units of 64 KiB.
  const extended = Math.min(Math.max(0, Math.floor((low - MIB) / KIB)), WORD);
  const above16 = Math.min(Math.max(0, Math.floor((low - 16 * MIB) / UNIT_64K)), WORD);
  const above4G = Math.floor(high / UNIT_64K);
  const cmos = new Map<number, number>();
  const put = (at: number, value: number, bytes: number): void => {
    for (let i = 0; i < bytes; i++) cmos.set(at + i, Math.floor(value / 256 ** i) % 256);
  };
  put(0x15, base, 2);
  put(0x17, extended, 2);
  put(0x30, extended, 2);
  put(0x34, above16, 2);
  put(0x5b, above4G, 3);
  // The checksum of 0x10 … 0x2D lies high byte first.
  let sum = 0;
  for (let at = 0x10; at <= 0x2d; at++) sum += cmos.get(at) ?? 0;
  cmos.set(0x2e, sum >>> 8).set(0x2f, sum & 0xff);
  return cmos;
}
