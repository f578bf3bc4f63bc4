/* The eighteen classes, in the order in which they run. */
#include "bench/work.h"

#include "common/random.h"

#define WORK(name) uint32_t run_##name(uint32_t repetitions);
#define PREPARED(name) void prepare_##name(void); WORK(name)

WORK(core)
WORK(sieve)
PREPARED(sha256)
WORK(qsort)
WORK(fib)
PREPARED(interp)
WORK(mul64)
WORK(reg)
PREPARED(memloop)
PREPARED(copy)
PREPARED(stream)
PREPARED(chase)
PREPARED(touch)
PREPARED(write)
PREPARED(apart)
PREPARED(nbody)
WORK(syscall)
WORK(fault)

const struct work WORKS[] = {
  {"core", 0, run_core},
  {"sieve", 0, run_sieve},
  {"sha256", prepare_sha256, run_sha256},
  {"qsort", 0, run_qsort},
  {"fib", 0, run_fib},
  {"interp", prepare_interp, run_interp},
  {"mul64", 0, run_mul64},
  {"reg", 0, run_reg},
  {"memloop", prepare_memloop, run_memloop},
  {"copy", prepare_copy, run_copy},
  {"stream", prepare_stream, run_stream},
  {"chase", prepare_chase, run_chase},
  {"touch", prepare_touch, run_touch},
  {"write", prepare_write, run_write},
  {"apart", prepare_apart, run_apart},
  {"nbody", prepare_nbody, run_nbody},
  {"syscall", 0, run_syscall},
  {"fault", 0, run_fault},
};
const unsigned WORK_COUNT = sizeof WORKS / sizeof *WORKS;

uint8_t arena[ARENA] __attribute__((aligned(PAGE)));

void fill(uint32_t *words, uint32_t count, uint32_t seed) {
  for (uint32_t n = 0; n < count; n++) words[n] = random_next(&seed);
}
