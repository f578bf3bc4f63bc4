/*
 * Several vCPUs at once: each adds to one shared counter with LOCK XADD and writes its own stripe of pages, a word a page.
 * vCPU 0 waits for all and checks that no addition and no store was lost.
 */
#include "common/finish.h"
#include "common/options.h"
#include "common/print.h"
#include "common/pvh.h"

enum { MAX_CPUS = 16, STRIPE_PAGES = 16, PAGE_WORDS = 4096 / 8 };
#define STRIPES 0x600000ull

static volatile uint64_t counter;
static volatile uint32_t go, finished, cpus, rounds;

static inline uint64_t fetch_add(volatile uint64_t *word, uint64_t n) {
  __asm__ volatile("lock xaddq %0, %1" : "+r"(n), "+m"(*word) : : "memory");
  return n;
}

static inline void increment(volatile uint32_t *word) { __asm__ volatile("lock incl %0" : "+m"(*word) : : "memory"); }
static inline void pause(void) { __asm__ volatile("pause" : : : "memory"); }

static inline volatile uint64_t *stripe_word(uint64_t cpu, uint32_t page) {
  return (volatile uint64_t *)STRIPES + (cpu * STRIPE_PAGES + page) * PAGE_WORDS;
}

/* The value that counts up by one each time the vCPU passes over the page. */
static void work(uint64_t cpu) {
  for (uint32_t page = 0; page < STRIPE_PAGES; page++) *stripe_word(cpu, page) = 0;
  for (uint32_t n = 0; n < rounds; n++) {
    fetch_add(&counter, cpu + 1);
    ++*stripe_word(cpu, n % STRIPE_PAGES);
  }
  increment(&finished);
}

static uint64_t stores_of(uint64_t cpu) {
  uint64_t sum = 0;
  for (uint32_t page = 0; page < STRIPE_PAGES; page++) sum += *stripe_word(cpu, page);
  return sum;
}

static void lead(const struct pvh_start_info *info) {
  options_load(info->magic == PVH_MAGIC ? (const char *)info->command_line : 0);
  cpus = option_number("cpus", 1);
  rounds = option_number("rounds", 1000);
  if (cpus < 1 || cpus > MAX_CPUS) {
    print("smp64: cpus must be 1 to %u\n", (uint32_t)MAX_CPUS);
    fail(1);
  }
  go = 1;
  work(0);
  while (finished != cpus) pause();
  uint64_t expected = (uint64_t)rounds * cpus * (cpus + 1) / 2;
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    if (stores_of(cpu) == rounds) continue;
    print("smp64: stores of cpu %u were lost\n", cpu);
    fail(2);
  }
  print("smp64: cpus=%u counter=%u\n", cpus, (uint32_t)counter);
  if (counter != expected) fail(3);
}

__attribute__((used)) _Noreturn void smp64(const struct pvh_start_info *info, uint64_t cpu) {
  if (cpu == 0) {
    lead(info);
  } else {
    while (!go) pause();
    work(cpu);
  }
  finish();
}
