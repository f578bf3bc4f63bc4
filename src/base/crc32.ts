// CRC-32 as in ISO 3309, zlib and PNG: polynomial 0xEDB88320 reflected, initial value and final XOR all ones. Eight bytes a
// step by eight tables ("slicing"), since checkpoints are checked page by page while the machine stands still.

const POLYNOMIAL = 0xedb88320;
const SLICES = 8;

/** Entry 256 * k + b: the CRC of byte b followed by k zero bytes. */
const TABLE: Readonly<Uint32Array> = buildTable();

function buildTable(): Uint32Array {
  const table = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let n = 256; n < table.length; n++) table[n] = (table[n - 256] >>> 8) ^ table[table[n - 256] & 0xff];
  return table;
}

/** CRC-32, unsigned, of what gave `previous` (0 for nothing) followed by `bytes`. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  const whole = bytes.length & ~7;
  let at = 0;
  for (; at < whole; at += 8) {
    const low = crc ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    crc =
      TABLE[1792 + (low & 0xff)] ^
      TABLE[1536 + ((low >>> 8) & 0xff)] ^
      TABLE[1280 + ((low >>> 16) & 0xff)] ^
      TABLE[1024 + (low >>> 24)] ^
      TABLE[768 + bytes[at + 4]] ^
      TABLE[512 + bytes[at + 5]] ^
      TABLE[256 + bytes[at + 6]] ^
      TABLE[bytes[at + 7]];
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}
