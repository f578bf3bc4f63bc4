// Guest code in bytes with labels, for tests whose guests are a few instructions long.

export type Item =
  | number
  | readonly number[]
  | { readonly label: string }
  | { readonly rel8: string }
  | { readonly rel32: string }
  | { readonly abs32: string };

export interface Code {
  readonly bytes: Uint8Array;
  readonly at: { readonly [label: string]: number };
}

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, n) => Math.floor((value < 0 ? value + 2 ** 32 : value) / 2 ** (8 * n)) & 0xff);

export const u16 = (value: number): number[] => littleEndian(value, 2);
export const u32 = (value: number): number[] => littleEndian(value, 4);

function sizeOf(item: Item): number {
  if (typeof item === 'number') return 1;
  if ('label' in item) return 0;
  if ('rel8' in item) return 1;
  return 'rel32' in item || 'abs32' in item ? 4 : item.length;
}

/** Code to be loaded at `origin`; displacements are relative to their own end, as those of jumps are. */
export function assemble(origin: number, ...items: readonly Item[]): Code {
  const at: Record<string, number> = {};
  let here = origin;
  for (const item of items) {
    if (typeof item === 'object' && 'label' in item) at[item.label] = here;
    here += sizeOf(item);
  }
  const bytes: number[] = [];
  for (const item of items) {
    const end = origin + bytes.length + sizeOf(item);
    if (typeof item === 'number') bytes.push(item);
    else if ('rel8' in item) bytes.push((known(at, item.rel8) - end) & 0xff);
    else if ('rel32' in item) bytes.push(...u32(known(at, item.rel32) - end));
    else if ('abs32' in item) bytes.push(...u32(known(at, item.abs32)));
    else if (!('label' in item)) bytes.push(...item);
  }
  return { bytes: Uint8Array.from(bytes), at };
}

function known(at: Record<string, number>, label: string): number {
  if (at[label] === undefined) throw new Error(`no label ${label}`);
  return at[label];
}
