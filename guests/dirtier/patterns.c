/* The ways to write. Each writes the current iteration number to the first word of a page before it does anything else there. */
#include "dirtier/dirtier.h"

#include "common/finish.h"
#include "common/print.h"
#include "common/random.h"

enum { FAIL_ALIAS = 17, FAIL_CROSSING = 18, FAIL_CODE = 19, FAIL_ENTRY = 20 };

static volatile uint32_t *word_at(uint32_t linear) { return (volatile uint32_t *)(uintptr_t)linear; }
static uint32_t iteration(void) { return CONTROL_PAGE->iteration.value; }
static uint32_t any(struct run *run, uint32_t count) { return random_next(&run->random) % count; }

static void require(int holds, const char *what, unsigned code) {
  if (holds) return;
  print("dirtier: %s\n", what);
  fail(code);
}

static void written(uint32_t page) {
  CONTROL_PAGE->last_page.value = page;
  CONTROL_PAGE->writes.value++;
}

static void write_page(uint32_t page) {
  *word_at(REGION + page * PAGE) = iteration();
  written(page);
}

static void sequential(struct run *run) {
  write_page(run->next);
  run->next = run->next + 1 == run->pages ? 0 : run->next + 1;
}

static void random(struct run *run) { write_page(any(run, run->pages)); }

/* Nine writes of ten go to the first eighth of the region. */
static void hotcold(struct run *run) {
  uint32_t hot = run->pages / 8 ? run->pages / 8 : 1;
  write_page(any(run, 10) ? any(run, hot) : any(run, run->pages));
}

/* Unmaps one slot, maps another to some page and writes through it: the leaf entries, and A and D in them, keep changing. */
static void pagetables(struct run *run) {
  uint32_t page = any(run, run->pages), value = iteration();
  table_set(SLOTS + any(run, SLOT_COUNT) * PAGE, 0);
  uint32_t slot = SLOTS + any(run, SLOT_COUNT) * PAGE;
  table_set(slot, (REGION + page * PAGE) | ENTRY_PRESENT | ENTRY_WRITE);
  *word_at(slot) = value;
  written(page);
  uintptr_t used = ENTRY_ACCESSED | ENTRY_DIRTY;
  require((*table_leaf(slot) & used) == used, "a store left A or D clear", FAIL_ENTRY);
  require(*word_at(REGION + page * PAGE) == value, "a fresh mapping led to another page", FAIL_ALIAS);
}

/* Four linear addresses of one page: writes through one, reads through the others. */
static void aliases(struct run *run) {
  uint32_t page = any(run, run->pages), value = iteration(), pick = any(run, 4);
  uint32_t linear[4] = {
    REGION + page * PAGE, FORWARD + page * PAGE, FORWARD2 + page * PAGE, BACKWARD + (run->pages - 1 - page) * PAGE,
  };
  *word_at(linear[pick]) = value;
  written(page);
  for (int n = 0; n < 4; n++) require(*word_at(linear[n]) == value, "an alias shows another value", FAIL_ALIAS);
}

/* Eight bytes of which four lie in the next page; in the BACKWARD window that is the previous frame. */
static void straddle(uint32_t boundary, uint32_t value) {
#ifdef __x86_64__
  *(volatile uint64_t *)(uintptr_t)(boundary - 4) = (uint64_t)value << 32 | value;
#else
  __asm__ volatile("movl (%0), %%eax; movl 4(%0), %%edx; 1: movl %1, %%ebx; movl %1, %%ecx; lock cmpxchg8b (%0); jne 1b"
                   : : "D"(boundary - 4), "S"(value) : "eax", "ebx", "ecx", "edx", "memory");
#endif
}

static void crossing(struct run *run) {
  if (run->pages < 2) {
    sequential(run);
    return;
  }
  uint32_t value = iteration(), index = any(run, run->pages - 1), backward = any(run, 2);
  uint32_t window = backward ? BACKWARD : REGION, lower = window + index * PAGE;
  uint32_t first = backward ? run->pages - 1 - index : index, second = backward ? first - 1 : first + 1;
  *word_at(lower) = value;
  written(first);
  straddle(lower + PAGE, value);
  written(second);
  require(*word_at(REGION + first * PAGE + PAGE - 4) == value && *word_at(REGION + second * PAGE) == value,
          "a store across pages went elsewhere", FAIL_CROSSING);
}

static uint32_t call(uint32_t code) {
  uintptr_t result = code;
  __asm__ volatile("call *%0" : "+a"(result) : : "memory");
  return (uint32_t)result;
}

/* Code that has been run is changed and run again; then code that changes its own next instruction. */
static void selfmod(struct run *run) {
  uint32_t page = any(run, run->pages), value = iteration(), code = REGION + page * PAGE + 0x800;
  write_page(page);
  volatile uint8_t *bytes = (volatile uint8_t *)(uintptr_t)code;
  bytes[0] = 0xb8, *word_at(code + 1) = value, bytes[5] = 0xc3; /* mov $value, %eax; ret */
  require(call(code) == value, "changed code was not the code that ran", FAIL_CODE);
  *word_at(code + 1) = ~value;
  require(call(code) == ~value, "changed code was not the code that ran", FAIL_CODE);

  code += 0x100, bytes += 0x100;
  bytes[0] = 0xc7, bytes[1] = 0x40, bytes[2] = 8, *word_at(code + 3) = value + 1; /* movl $value + 1, 8(%rax) */
  bytes[7] = 0xb8, *word_at(code + 8) = 0, bytes[12] = 0xc3;                      /* mov $0, %eax; ret */
  require(call(code) == value + 1, "code did not see its own store", FAIL_CODE);
}

const struct pattern patterns[PATTERNS] = {
  { "sequential", sequential }, { "random", random },     { "hotcold", hotcold }, { "pagetables", pagetables },
  { "aliases", aliases },       { "crossing", crossing }, { "selfmod", selfmod },
};
