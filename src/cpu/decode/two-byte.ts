// The two-byte opcode map, after 0F (SDM vol. 2, appendix A, "Two-byte Opcode Map"). Absent: what is undefined, and what is not
// there (VMX, TSX, RSM; MMX, SSE and their successors where they need their registers).

import { GROUP_15, GROUP_6, GROUP_7, GROUP_8, GROUP_9 } from './groups.ts';
import { UD, byPrefix, noPrefix, opcodeMap, row, span } from './row.ts';

const LOCK = { lock: true } as const;
const systemCall = { only64: true, feature: 'SYSCALL' } as const;
const hint = row('NOP', { modrm: true });

export const TWO_BYTE = opcodeMap(
  {
    0x00: GROUP_6,
    0x01: GROUP_7,
    0x02: row('LAR', 'Gv', 'Ew'),
    0x03: row('LSL', 'Gv', 'Ew'),
    0x05: row('SYSCALL', systemCall),
    0x06: row('CLTS'),
    0x07: row('SYSRET', systemCall),
    0x08: row('INVD'),
    0x09: row('WBINVD'),
    0x0b: row('UD'),
    // PREFETCHW and the hints may be executed as NOPs (SDM vol. 2, "PREFETCHh", "NOP"); they touch no memory.
    0x0d: row('NOP', { modrm: true, feature: 'PREFETCHW' }),
  },
  span(0x18, 8, () => hint),
  {
    0x20: row('MOV_FROM_CR', 'Ry', 'Cy', { size: 'long' }),
    0x21: row('MOV_FROM_DR', 'Ry', 'Dy', { size: 'long' }),
    0x22: row('MOV_TO_CR', 'Cy', 'Ry', { size: 'long' }),
    0x23: row('MOV_TO_DR', 'Dy', 'Ry', { size: 'long' }),
    0x30: row('WRMSR', { feature: 'MSR' }),
    0x31: row('RDTSC', { feature: 'TSC' }),
    0x32: row('RDMSR', { feature: 'MSR' }),
    0x33: row('RDPMC'),
    0x34: row('SYSENTER', { feature: 'SEP' }),
    0x35: row('SYSEXIT', { feature: 'SEP' }),
  },
  span(0x40, 16, (cc) => row('CMOV', 'Gv', 'Ev', { cc, feature: 'CMOV' })),

  span(0x80, 16, (cc) => row('JCC', 'Jz', { cc, size: 'f64' })),

  span(0x90, 16, (cc) => row('SET', 'Eb', { cc })),
  {
    0xa0: row('PUSH_SREG', 'none', 'FS', { size: 'd64' }),
    0xa1: row('POP_SREG', 'FS', { size: 'd64' }),
    0xa2: row('CPUID'),
    0xa3: row('BT', 'Ev', 'Gv'),
    0xa4: row('SHLD', 'Ev', 'Gv', 'Ib'),
    0xa5: row('SHLD', 'Ev', 'Gv', 'CL'),
    0xa8: row('PUSH_SREG', 'none', 'GS', { size: 'd64' }),
    0xa9: row('POP_SREG', 'GS', { size: 'd64' }),
    0xab: row('BTS', 'Ev', 'Gv', LOCK),
    0xac: row('SHRD', 'Ev', 'Gv', 'Ib'),
    0xad: row('SHRD', 'Ev', 'Gv', 'CL'),
    0xae: GROUP_15,
    0xaf: row('IMUL2', 'Gv', 'Ev'),
    0xb0: row('CMPXCHG', 'Eb', 'Gb', LOCK),
    0xb1: row('CMPXCHG', 'Ev', 'Gv', LOCK),
    0xb2: row('LOAD_FAR_POINTER', 'Gv', 'Mp', 'SS'),
    0xb3: row('BTR', 'Ev', 'Gv', LOCK),
    0xb4: row('LOAD_FAR_POINTER', 'Gv', 'Mp', 'FS'),
    0xb5: row('LOAD_FAR_POINTER', 'Gv', 'Mp', 'GS'),
    0xb6: row('MOVZX', 'Gv', 'Eb'),
    0xb7: row('MOVZX', 'Gv', 'Ew'),
    0xb8: byPrefix({ none: UD, f2: UD, f3: row('POPCNT', 'Gv', 'Ev', { feature: 'POPCNT' }) }),
    0xb9: row('UD', { modrm: true }),
    0xba: GROUP_8,
    0xbb: row('BTC', 'Ev', 'Gv', LOCK),
    0xbc: byPrefix({ none: row('BSF', 'Gv', 'Ev'), f3: row('TZCNT', 'Gv', 'Ev', { feature: 'BMI1' }) }),
    0xbd: byPrefix({ none: row('BSR', 'Gv', 'Ev'), f3: row('LZCNT', 'Gv', 'Ev', { feature: 'LZCNT' }) }),
    0xbe: row('MOVSX', 'Gv', 'Eb'),
    0xbf: row('MOVSX', 'Gv', 'Ew'),
    0xc0: row('XADD', 'Eb', 'Gb', LOCK),
    0xc1: row('XADD', 'Ev', 'Gv', LOCK),
    0xc3: noPrefix(row('MOVNTI', 'Mv', 'Gv', { size: 'y', feature: 'SSE2' })),
    0xc7: GROUP_9,
  },
  span(0xc8, 8, () => row('BSWAP', 'Zv')),
  { 0xff: row('UD', { modrm: true }) },
);
