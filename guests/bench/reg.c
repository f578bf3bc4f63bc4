/* A loop in registers alone, in which each instruction makes flags and some take them. */
#include "bench/work.h"

enum { LAPS = 65536 };

uint32_t run_reg(uint32_t repetitions) {
  uint32_t a = 1, b = 2, c = 3;
  while (repetitions--) {
    uint32_t laps = LAPS;
    __asm__("1: addl %1, %0\n\t"
            "adcl $5, %1\n\t"
            "xorl %0, %2\n\t"
            "roll $7, %2\n\t"
            "subl %2, %0\n\t"
            "sbbl $3, %1\n\t"
            "leal 1(%1,%2), %1\n\t"
            "decl %3\n\t"
            "jnz 1b"
            : "+r"(a), "+r"(b), "+r"(c), "+r"(laps)
            :
            : "cc");
  }
  return a ^ b ^ c;
}
