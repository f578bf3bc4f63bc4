// An initial RAM file system in the "newc" format of cpio, which Linux unpacks
// (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).

export interface InitramfsEntry {
  readonly name: string;
  /** File type and permissions as in stat's st_mode. */
  readonly mode: number;
  readonly data?: Uint8Array;
  /** Of a device: major and minor number. */
  readonly device?: readonly [number, number];
}

export const directory = (name: string): InitramfsEntry => ({ name, mode: 0o040755 });
export const program = (name: string, data: Uint8Array): InitramfsEntry => ({ name, mode: 0o100755, data });
export const characterDevice = (name: string, major: number, minor: number): InitramfsEntry => ({
  name,
  mode: 0o020600,
  device: [major, minor],
});

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
const hex = (n: number): string => n.toString(16).padStart(8, '0');

function record({ name, mode, data = new Uint8Array(), device = [0, 0] }: InitramfsEntry, inode: number): Buffer {
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, name.length + 1, 0];
  return Buffer.concat([padded(Buffer.from(`070701${fields.map(hex).join('')}${name}\0`)), padded(Buffer.from(data))]);
}

export function initramfs(entries: readonly InitramfsEntry[]): Uint8Array {
  return Buffer.concat([...entries, { name: 'TRAILER!!!', mode: 0 }].map((entry, n) => record(entry, n + 1)));
}
