/* SHA-256 of 16 KiB: rotates and adds, little memory. */
#include "sha256/compress.h"

#include "bench/work.h"

enum { WORDS = 4096 };

void prepare_sha256(void) { fill((uint32_t *)arena, WORDS, 1); }

uint32_t run_sha256(uint32_t repetitions) {
  const uint32_t *buffer = (const uint32_t *)arena;
  uint32_t h[8] = SHA256_START;
  while (repetitions--) {
    for (int n = 0; n < WORDS; n += 16) compress(h, buffer + n);
  }
  return h[0] ^ h[7];
}
