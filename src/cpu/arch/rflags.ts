// Bits of RFLAGS (SDM vol. 1, "EFLAGS Register").

export const CF = 1,
  PF = 4,
  AF = 0x10,
  ZF = 0x40,
  SF = 0x80,
  TF = 0x100,
  IF = 0x200,
  DF = 0x400,
  OF = 0x800;
export const IOPL_SHIFT = 12,
  NT = 0x4000,
  RF = 0x10000,
  VM = 0x20000,
  AC = 0x40000,
  VIF = 0x80000,
  VIP = 0x100000,
  ID = 0x200000;
export const STATUS_FLAGS = CF | PF | AF | ZF | SF | OF;
/** What each pair of condition codes depends on, by bits 3:1 of the code (SDM vol. 1, "EFLAGS Condition Codes"). */
export const CONDITION_FLAGS: readonly number[] = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF];
