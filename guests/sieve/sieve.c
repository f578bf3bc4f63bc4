/* Primes below 250,000 × scale by the sieve of Eratosthenes, one byte a number: long runs of stores with a stride. */
#include "common/options.h"
#include "common/print.h"
#include "common/random.h"

enum { UNIT = 250000, SCALE = 40 };

static uint8_t composite[UNIT * SCALE];

int main(void) {
  print("sieve: start\n");
  uint32_t scale = option_number("scale", SCALE);
  if (scale < 1 || scale > SCALE) {
    print("sieve: scale must be 1 to %u\n", (uint32_t)SCALE);
    return 1;
  }
  uint32_t limit = scale * UNIT, count = 0, hash = MIX_START;
  for (uint32_t p = 2; p * p < limit; p++) {
    if (composite[p]) continue;
    for (uint32_t multiple = p * p; multiple < limit; multiple += p) composite[multiple] = 1;
  }
  for (uint32_t n = 2; n < limit; n++) {
    if (!composite[n]) hash = mix(hash, n), count++;
  }
  print("sieve: %u primes below %u\n", count, limit);
  print("sieve: %x\n", hash);
  print("sieve: done\n");
  return 0;
}
