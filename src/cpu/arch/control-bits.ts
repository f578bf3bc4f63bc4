/** CR0, CR4 and EFER bits that decide modes (SDM vol. 3, "Control Registers"). */
export const CR0 = {
  PE: 1n,
  MP: 2n,
  EM: 4n,
  TS: 8n,
  ET: 16n,
  NE: 32n,
  WP: 1n << 16n,
  AM: 1n << 18n,
  NW: 1n << 29n,
  CD: 1n << 30n,
  PG: 1n << 31n,
} as const;
// biome-ignore format: a table
export const CR4 = {
  VME: 1n, PVI: 2n, TSD: 4n, DE: 8n, PSE: 16n, PAE: 32n, MCE: 64n, PGE: 128n, PCE: 256n, OSFXSR: 512n, OSXMMEXCPT: 1024n,
  UMIP: 1n << 11n, LA57: 1n << 12n,
  FSGSBASE: 1n << 16n, PCIDE: 1n << 17n, OSXSAVE: 1n << 18n, SMEP: 1n << 20n, SMAP: 1n << 21n,
} as const;
export const EFER = { SCE: 1n, LME: 1n << 8n, LMA: 1n << 10n, NXE: 1n << 11n } as const;
