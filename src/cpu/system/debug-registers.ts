// MOV to and from debug registers (SDM vol. 2, "MOV—Move to/from Debug Registers"; vol. 3, "Debug Registers"). What
// they match is in breakpoints.ts.

import { CR4 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { is64Bit, requireCpl0 } from './helper.ts';
import type { SystemFunction } from './helper.ts';

/** DR6: B3:B0, BD, BS, BT can change; BLD (11) and RTM (16) and the reserved bits read as 1, bit 12 and 63:32 as 0. */
export const DR6_FIXED = 0xffff0ff0n;
const DR6_WRITABLE = 0xe00fn;
/** DR7: bit 10 reads as 1; 11, 12, 14, 15 and 63:32 as 0. */
export const DR7_FIXED = 0x400n;
const DR7_WRITABLE = 0xffff23ffn;

export const DR6 = { BD: 1n << 13n, BS: 1n << 14n, BT: 1n << 15n } as const;
export const DR7_GD = 1n << 13n;
/** L0 to L3, which a task switch clears (SDM vol. 3, "Debug Control Register (DR7)"), and LE, which it clears as on the 80386. */
export const DR7_LOCAL = 0x155n;
const BREAKPOINTS = 15n;

/**
 * Notes in DR6 why a debug exception is generated: `conditions` are bits of B3 to B0, BD, BS and BT. Old bits B3 to B0 go; the rest
 * stays until software clears it (SDM vol. 3, "Debug Status Register (DR6)": "certain debug exceptions may clear bits 0-3"; here
 * every one does). INT1 leaves DR6 alone.
 */
export function noteDebugException({ state: { dr } }: Cpu, conditions: bigint): void {
  dr[6] = (dr[6] & ~BREAKPOINTS) | conditions;
}

/**
 * The register that number `reg` means. DR4 and DR5 are DR6 and DR7; with CR4.DE they are not there. A register that is not there
 * gives #UD at every level; then come #GP(0) above level 0, and #DB if DR7.GD is set.
 */
function select(cpu: Cpu, reg: number): number {
  const alias = reg === 4 || reg === 5;
  if (reg > 7 || (alias && cpu.state.cr4[0] & CR4.DE)) cpu.raise(Vector.UD);
  requireCpl0(cpu);
  if (cpu.state.dr[7] & DR7_GD) {
    noteDebugException(cpu, DR6.BD);
    cpu.raise(Vector.DB);
  }
  return alias ? reg + 2 : reg;
}

/** MOV r, DRn: i.src is the register. */
export const readDebug: SystemFunction = (cpu, i) => BigInt.asUintN(8 * i.size, cpu.state.dr[select(cpu, i.src.reg)]);

/** MOV DRn, r: i.dst is the register, x the value. */
export const writeDebug: SystemFunction = (cpu, i, x) => {
  const reg = select(cpu, i.dst.reg);
  const value = BigInt.asUintN(8 * i.size, x);
  if (reg >= 6 && is64Bit(cpu) && value >> 32n !== 0n) cpu.raise(Vector.GP, 0);
  const { dr } = cpu.state;
  if (reg === 6) dr[6] = (value & DR6_WRITABLE) | DR6_FIXED;
  else if (reg === 7) dr[7] = (value & DR7_WRITABLE) | DR7_FIXED;
  else dr[reg] = value;
  cpu.refresh();
  cpu.noteInterruptWindow();
  return 0n;
};
