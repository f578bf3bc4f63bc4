/* xorshift32: the one source of pseudo-random numbers, the same in 32-bit, 64-bit and native builds. */
#pragma once
#include <stdint.h>

static inline uint32_t random_next(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

/* FNV-1a's multiply, a whole word at a time. */
static inline uint32_t mix(uint32_t hash, uint32_t word) { return (hash ^ word) * 16777619u; }
#define MIX_START 2166136261u
