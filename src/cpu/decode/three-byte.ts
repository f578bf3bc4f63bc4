// The three-byte map after 0F 38 (SDM vol. 2, appendix A, "Three-byte Opcode Map"): what of it needs no vector registers.

import { UD, byPrefix, opcodeMap, row } from './row.ts';

export const THREE_BYTE_38 = opcodeMap({
  0x82: byPrefix({ none: UD, p66: row('INVPCID', 'Gv', 'Mv', { size: 'long', feature: 'INVPCID' }), f2: UD, f3: UD }),
  // with F2: CRC32, which is not there
  0xf0: byPrefix({ none: row('MOVBE', 'Gv', 'Mv', { feature: 'MOVBE' }), f2: UD, f3: UD }),
  0xf1: byPrefix({ none: row('MOVBE', 'Mv', 'Gv', { feature: 'MOVBE' }), f2: UD, f3: UD }),
});
