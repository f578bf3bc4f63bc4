/* Work of the system: calls, and page faults. */
#include "bench/environment.h"
#include "bench/work.h"

enum { CALLS = 100, FAULT_PAGES = 64 };

uint32_t run_syscall(uint32_t repetitions) {
  for (uint32_t n = 0; n < repetitions * CALLS; n++) call_system();
  return repetitions;
}

/* Each of 64 pages faults once and comes back zeroed. */
uint32_t run_fault(uint32_t repetitions) {
  uint32_t sum = 0;
  while (repetitions--) {
    release(arena, FAULT_PAGES * PAGE);
    for (uint32_t n = 0; n < FAULT_PAGES; n++) {
      volatile uint32_t *word = (volatile uint32_t *)(arena + n * PAGE);
      *word += n + repetitions;
      sum = sum * 5 + *word;
    }
  }
  return sum;
}
