/* 64-bit numbers, which are pairs of registers in 32-bit code: products, carries, shifts over both halves. */
#include "bench/work.h"

enum { STEPS = 4096 };

static uint64_t high_half(uint64_t a, uint64_t b) {
  uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)b;
  uint64_t cross = (a >> 32) * (uint32_t)b + (low >> 32);
  uint64_t other = (uint64_t)(uint32_t)a * (b >> 32) + (uint32_t)cross;
  return (a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32);
}

uint32_t run_mul64(uint32_t repetitions) {
  uint64_t x = 0x9e3779b97f4a7c15, sum = 0;
  while (repetitions--) {
    for (int n = 0; n < STEPS; n++) {
      x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
      sum += high_half(x, 0x2545f4914f6cdd1d) + x * 0xda942042e4dd58b5;
    }
  }
  return (uint32_t)(sum >> 32) ^ (uint32_t)sum;
}
