/* Primes below 262,144, one byte a number: stores with a stride. */
#include "bench/work.h"

#include "common/random.h"

enum { LIMIT = 1 << 18 };

uint32_t run_sieve(uint32_t repetitions) {
  uint8_t *composite = arena;
  uint32_t hash = MIX_START;
  while (repetitions--) {
    for (uint32_t n = 0; n < LIMIT; n++) composite[n] = 0;
    for (uint32_t p = 2; p * p < LIMIT; p++) {
      if (composite[p]) continue;
      for (uint32_t multiple = p * p; multiple < LIMIT; multiple += p) composite[multiple] = 1;
    }
    for (uint32_t n = 2; n < LIMIT; n++) hash = composite[n] ? hash : mix(hash, n);
  }
  return hash;
}
