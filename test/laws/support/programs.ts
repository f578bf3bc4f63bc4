// Small guests in machine code; the same bytes mean the same in 32-bit and 64-bit code unless said otherwise.

/** next: mov [edi], al; add edi, edx; loop next; hlt. `afterStore`: offset of the instruction behind the store. */
export const STORE_STRIDED = { code: [0x88, 0x07, 0x01, 0xd7, 0xe2, 0xfa, 0xf4], store: 0, afterStore: 2 } as const;

/** rep stosb; hlt. */
export const REP_STOS = { code: [0xf3, 0xaa, 0xf4], end: 2 } as const;

/** next: mov [edi], eax; add edi, 4096; loop next; hlt, 32-bit code. Stores at EDI that crosses two pages if EDI says so. */
export const STORE_PAGES = { code: [0x89, 0x07, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00, 0xe2, 0xf6, 0xf4] } as const;

/** The same without the end: wait: cmp byte [esi], 0; je wait; hlt, so that it ends when someone else writes the byte at ESI. */
// biome-ignore format: a table
export const STORE_PAGES_AND_WAIT = [
  0x89, 0x07, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00, 0xe2, 0xf6, 0x80, 0x3e, 0x00, 0x74, 0xfb, 0xf4,
] as const;

/** next: rdtsc; stosd; add edi, 4092; loop next; hlt. What the time-stamp counter says goes to memory. */
export const RECORD_TSC = { code: [0x0f, 0x31, 0xab, 0x81, 0xc7, 0xfc, 0x0f, 0x00, 0x00, 0xe2, 0xf5, 0xf4] } as const;

/** As STORE_STRIDED with whole registers, 64-bit code. */
export const STORE_STRIDED_64 = [0x88, 0x07, 0x48, 0x01, 0xd7, 0xe2, 0xf9, 0xf4] as const;
