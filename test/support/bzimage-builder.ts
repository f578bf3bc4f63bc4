// Builds small Linux bzImages for tests: a setup header, a real-mode part of no content, and a protected-mode part.

export interface BzImageSpec {
  /** The protected-mode part: what the 32-bit entry point finds. */
  readonly code: ArrayLike<number>;
  /** Put 0x200 after its start, with XLF_KERNEL_64 set. */
  readonly code64?: ArrayLike<number>;
  readonly version?: number;
  readonly relocatable?: boolean;
  readonly prefAddress?: number;
  readonly initSize?: number;
  readonly initrdAddrMax?: number;
  readonly cmdlineSize?: number;
}

/** Offsets of header fields that tests damage. */
export const BzField = {
  setupSects: 0x1f1,
  syssize: 0x1f4,
  bootFlag: 0x1fe,
  jump: 0x201,
  magic: 0x202,
  version: 0x206,
  loadflags: 0x211,
  initrdAddrMax: 0x22c,
  relocatable: 0x234,
  xloadflags: 0x236,
  cmdlineSize: 0x238,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
  prefAddress: 0x258,
  initSize: 0x260,
} as const;

const SECTOR = 512;
const ENTRY_64 = 0x200;
const HEADER_END = 0x26c;

/** A bzImage with one setup sector; its kernel part is padded to 16 bytes, which is the unit of syssize. */
export function buildBzImage(spec: BzImageSpec): Uint8Array {
  const { code, code64, version = 0x020f, relocatable = false, prefAddress = 0x100000, initSize = 0x10000 } = spec;
  const { initrdAddrMax = 0x7fffffff, cmdlineSize = 2047 } = spec;
  const length = code64 ? ENTRY_64 + code64.length : code.length;
  const paragraphs = Math.ceil(length / 16);
  const kernel = 2 * SECTOR;
  const file = new Uint8Array(kernel + paragraphs * 16);
  const view = new DataView(file.buffer);
  file[BzField.setupSects] = 1;
  view.setUint32(BzField.syssize, paragraphs, true);
  view.setUint16(BzField.bootFlag, 0xaa55, true);
  file.set([0xeb, HEADER_END - 0x202, 0x48, 0x64, 0x72, 0x53], 0x200);
  view.setUint16(BzField.version, version, true);
  file[BzField.loadflags] = 1;
  view.setUint32(BzField.initrdAddrMax, initrdAddrMax, true);
  view.setUint32(0x230, 0x1000, true);
  file[BzField.relocatable] = relocatable ? 1 : 0;
  view.setUint16(BzField.xloadflags, code64 ? 1 : 0, true);
  view.setUint32(BzField.cmdlineSize, cmdlineSize, true);
  view.setBigUint64(BzField.prefAddress, BigInt(prefAddress), true);
  view.setUint32(BzField.initSize, initSize, true);
  file.set(Array.from(code), kernel);
  if (code64) file.set(Array.from(code64), kernel + ENTRY_64);
  return file;
}
