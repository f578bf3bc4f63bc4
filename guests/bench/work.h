/* The classes of work: what the benchmark does, apart from where it does it. */
#pragma once
#include <stdint.h>

struct work {
  const char *name;
  /* What is not measured: fills the memory that the work needs. May be null. */
  void (*prepare)(void);
  /* The work, so many times over. The checksum depends on nothing but the number, whatever the width and the machine. */
  uint32_t (*run)(uint32_t repetitions);
};

extern const struct work WORKS[];
extern const unsigned WORK_COUNT;

enum { PAGE = 4096, MIB = 1 << 20, ARENA = 32 * MIB };

/* Memory that the classes share. */
extern uint8_t arena[ARENA];

/* Fills `count` words with random numbers. */
void fill(uint32_t *words, uint32_t count, uint32_t seed);
