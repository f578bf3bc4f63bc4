/* What the kernel does, in both widths. */
#include "bench/kernel.h"

#include "bench/environment.h"
#include "bench/main.h"
#include "bench/work.h"
#include "common/finish.h"
#include "common/multiboot.h"
#include "common/options.h"
#include "common/print.h"

#ifdef __x86_64__
enum { LEVELS = 4, INDEX_BITS = 9 };
#else
enum { LEVELS = 2, INDEX_BITS = 10 };
#endif
enum { ENTRIES = 1 << INDEX_BITS, PRESENT = 1, WRITE = 2, USER = 4, POINTS = PRESENT | WRITE | USER, MAPPED = 64 * MIB };
enum { TABLES = MAPPED / PAGE / ENTRIES + LEVELS, FAIL_TRAP = 16, ALL_AT_ONCE = 33 };

static uintptr_t tables[TABLES][ENTRIES] __attribute__((aligned(PAGE)));
static unsigned used_tables;

static uintptr_t *leaf(uintptr_t linear) {
  uintptr_t *table = tables[0];
  for (int level = LEVELS - 1; level > 0; level--) {
    uintptr_t *entry = &table[linear >> (12 + level * INDEX_BITS) & (ENTRIES - 1)];
    if (!*entry) *entry = (uintptr_t)tables[++used_tables] | POINTS;
    table = (uintptr_t *)(*entry & ~(uintptr_t)(PAGE - 1));
  }
  return &table[linear >> 12 & (ENTRIES - 1)];
}

static void invalidate(uintptr_t linear) { __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory"); }

static void take_frames(uintptr_t from, uintptr_t length) {
  for (uintptr_t at = from; at < from + length; at += PAGE) *leaf(at) = 0;
  if (length / PAGE < ALL_AT_ONCE) {
    for (uintptr_t at = from; at < from + length; at += PAGE) invalidate(at);
  } else {
    __asm__ volatile("mov %0, %%cr3" : : "r"(tables[0]) : "memory");
  }
}

uintptr_t serve_call(uintptr_t number, uintptr_t first, uintptr_t second) {
  switch ((enum call)number) {
    case CALL_NOTHING: return 1;
    case CALL_PUT_LINE: print("%s", (const char *)first); return 0;
    case CALL_RELEASE: take_frames(first, second); return 0;
    case CALL_END: finish();
  }
  return ~(uintptr_t)0;
}

void serve_page_fault(uintptr_t address, uintptr_t error) {
  uintptr_t page = address & ~(uintptr_t)(PAGE - 1);
  if (error & PRESENT || page >= MAPPED) refuse(error, address);
  *leaf(page) = page | POINTS;
  uintptr_t *word = (uintptr_t *)page, count = PAGE / sizeof *word;
#ifdef __x86_64__
  __asm__ volatile("rep stosq" : "+D"(word), "+c"(count) : "a"(0) : "memory");
#else
  __asm__ volatile("rep stosl" : "+D"(word), "+c"(count) : "a"(0) : "memory");
#endif
}

_Noreturn void refuse(uintptr_t error, uintptr_t at) {
  print("bench: trap with error %x at %p\n", (uint32_t)error, at);
  fail(FAIL_TRAP);
}

void put_line(const char *text, unsigned length) { kernel_call(CALL_PUT_LINE, (uintptr_t)text, length); }
void call_system(void) { kernel_call(CALL_NOTHING, 0, 0); }
void release(void *from, uint32_t length) { kernel_call(CALL_RELEASE, (uintptr_t)from, length); }
uint32_t processor_time(void) { return 0; }

static void user_main(void) {
  bench_main();
  kernel_call(CALL_END, 0, 0);
}

_Noreturn void kernel_main(uint32_t magic, const struct multiboot_info *info) {
  int named = magic == MULTIBOOT_BOOT_MAGIC && (info->flags & MULTIBOOT_COMMAND_LINE);
  options_load(named ? (const char *)(uintptr_t)info->command_line : 0);
  for (uintptr_t at = 0; at < MAPPED; at += PAGE) *leaf(at) = at | POINTS;
  enter_paging(tables[0]);
  enter_descriptors();
  enter_user(user_main);
}
