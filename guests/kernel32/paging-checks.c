/* 32-bit paging: both page sizes, A and D, each error code, the TLB, and pages that appear when they are touched. */
#include "kernel/check.h"
#include "kernel32/machine.h"

enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8 };

static void read_at(uintptr_t at) { (void)*word_at(at); }
static void write_at(uintptr_t at) { *word_at(at) = 0x77777777; }
static void call_at(uintptr_t at) { ((void (*)(void))at)(); }

static void expect_fault(uint32_t linear, uint32_t error) {
  EXPECT(seen.vector, PF);
  EXPECT(seen.error, error);
  EXPECT(seen.cr2, linear);
}

static void large_page(void) {
  EXPECT(*word_at(0x400000 + 0x123000) = 0x600d, 0x600d);
  EXPECT(directory[1] & (ACCESSED | DIRTY), ACCESSED | DIRTY);
  directory[WINDOW / 0x400000 + 1] = 0x400000 | LARGE | PRESENT;
  EXPECT(*word_at(WINDOW + 0x400000 + 0x123000), 0x600d);
  EXPECT(directory[WINDOW / 0x400000 + 1] & (ACCESSED | DIRTY), ACCESSED);
  attempt(write_at, WINDOW + 0x400000);
  expect_fault(WINDOW + 0x400000, PF_PRESENT | PF_WRITE);
  directory[WINDOW / 0x400000 + 1] = 0;
  write_cr3(read_cr3());
}

static void accessed_dirty(void) {
  uint32_t at = WINDOW + 5 * PAGE, frame = (uint32_t)test_frame(5);
  directory[WINDOW >> 22] &= ~(uint32_t)ACCESSED;
  write_cr3(read_cr3());
  window_set(at, frame | PRESENT | WRITABLE);
  EXPECT(*window_entry(at) & (ACCESSED | DIRTY), 0);
  (void)*word_at(at);
  EXPECT(*window_entry(at) & (ACCESSED | DIRTY), ACCESSED);
  EXPECT(directory[WINDOW >> 22] & ACCESSED, ACCESSED);
  *word_at(at) = 1;
  EXPECT(*window_entry(at) & (ACCESSED | DIRTY), ACCESSED | DIRTY);
}

static void not_present(void) {
  uint32_t at = WINDOW + 6 * PAGE + 0x123;
  window_set(at, 0);
  attempt(read_at, at);
  expect_fault(at, 0);
  attempt(write_at, at);
  expect_fault(at, PF_WRITE);
  attempt(call_at, at);
  expect_fault(at, 0);
  EXPECT(seen.ip, at);
  attempt(read_at, 0xc0000000); /* no table either */
  expect_fault(0xc0000000, 0);
}

static void write_protect(void) {
  uint32_t at = WINDOW + 7 * PAGE;
  window_set(at, (uint32_t)test_frame(7) | PRESENT);
  *(uint32_t *)test_frame(7) = 1;
  attempt(write_at, at);
  expect_fault(at, PF_PRESENT | PF_WRITE);
  EXPECT(*word_at(at), 1);
  EXPECT(*window_entry(at) & DIRTY, 0);
  write_cr0(read_cr0() & ~(uint32_t)CR0_WP);
  attempt(write_at, at);
  write_cr0(read_cr0() | CR0_WP);
  EXPECT(seen.vector, NO_TRAP);
  EXPECT(*word_at(at), 0x77777777);
}

/* Bit 21 of an entry for a 4 MiB page is reserved. */
static void reserved_bit(void) {
  directory[WINDOW / 0x400000 + 1] = 0x400000 | 1 << 21 | LARGE | PRESENT | WRITABLE;
  attempt(read_at, WINDOW + 0x400000);
  expect_fault(WINDOW + 0x400000, PF_PRESENT | PF_RESERVED);
  directory[WINDOW / 0x400000 + 1] = 0;
}

static volatile uint32_t touched;

static int map_on_touch(struct frame *frame) {
  if (frame->vector != PF || (frame->error & PF_PRESENT)) return 0;
  window_set(seen.cr2, (uint32_t)test_frame(touched) | PRESENT | WRITABLE);
  touched++;
  return 1;
}

static void demand(void) {
  uint32_t base = WINDOW + 100 * PAGE;
  for (uint32_t n = 0; n < 64; n++) window_set(base + n * PAGE, 0);
  touched = 0;
  trap_hook = map_on_touch;
  for (uint32_t n = 0; n < 64; n++) *word_at(base + (n * 37 % 64) * PAGE + n * 4) = n;
  for (uint32_t n = 0; n < 64; n++) EXPECT(*word_at(base + (n * 37 % 64) * PAGE + n * 4), n);
  trap_hook = 0;
  EXPECT(touched, 64);
}

/* A store over a page boundary whose second page is missing has no effect at all, and then the whole one. */
static void crossing(void) {
  uint32_t at = WINDOW + 10 * PAGE;
  window_set(at, (uint32_t)test_frame(70) | PRESENT | WRITABLE);
  window_set(at + PAGE, 0);
  *word_at(at + PAGE - 4) = 0x11111111;
  attempt(write_at, at + PAGE - 2);
  expect_fault(at + PAGE, PF_WRITE);
  EXPECT(*word_at(at + PAGE - 4), 0x11111111);
  touched = 71;
  trap_hook = map_on_touch;
  *word_at(at + PAGE - 2) = 0xaabbccdd;
  trap_hook = 0;
  EXPECT(*word_at(at + PAGE - 4), 0xccdd1111);
  EXPECT(*(uint16_t *)test_frame(71), 0xaabb);
}

static void invalidate(void) {
  uint32_t at = WINDOW + 12 * PAGE;
  *(uint32_t *)test_frame(12) = 12, *(uint32_t *)test_frame(13) = 13;
  window_set(at, (uint32_t)test_frame(12) | PRESENT);
  EXPECT(*word_at(at), 12);
  window_set(at, (uint32_t)test_frame(13) | PRESENT);
  EXPECT(*word_at(at), 13);
  *window_entry(at) = (uint32_t)test_frame(12) | PRESENT;
  write_cr3(read_cr3());
  EXPECT(*word_at(at), 12);
  window_set(at, 0);
  attempt(read_at, at);
  expect_fault(at, 0);
}

/* Another directory gives the same linear address another page; the kernel is in both. */
static void switch_directory(void) {
  uint32_t *other = (uint32_t *)test_frame(20), *table = (uint32_t *)test_frame(21), at = WINDOW + 14 * PAGE, home = read_cr3();
  for (int n = 0; n < 1024; n++) other[n] = directory[n], table[n] = 0;
  other[WINDOW >> 22] = (uint32_t)table | PRESENT | WRITABLE;
  table[14] = (uint32_t)test_frame(23) | PRESENT | WRITABLE;
  window_set(at, (uint32_t)test_frame(22) | PRESENT | WRITABLE);
  *word_at(at) = 22;
  write_cr3((uint32_t)other);
  *word_at(at) = 23;
  EXPECT(*word_at(at), 23);
  write_cr3(home);
  EXPECT(*word_at(at), 22);
  EXPECT(*(uint32_t *)test_frame(23), 23);
}

/* A page of code is mapped twice and changed through the other mapping, between two calls. */
static void aliased_code(void) {
  uint32_t code = WINDOW + 16 * PAGE, alias = WINDOW + 17 * PAGE, first, second;
  window_set(code, (uint32_t)test_frame(16) | PRESENT);
  window_set(alias, (uint32_t)test_frame(16) | PRESENT | WRITABLE);
  volatile uint8_t *bytes = (volatile uint8_t *)alias;
  bytes[0] = 0xb8, *word_at(alias + 1) = 1, bytes[5] = 0xc3; /* mov $1, %eax; ret */
  __asm__ volatile("call *%1" : "=a"(first) : "r"(code) : "memory");
  *word_at(alias + 1) = 2;
  __asm__ volatile("call *%1" : "=a"(second) : "r"(code) : "memory");
  EXPECT(first, 1);
  EXPECT(second, 2);
}

static void global_pages(void) {
  uint32_t at = WINDOW + 18 * PAGE;
  write_cr4(read_cr4() | CR4_PGE);
  *(uint32_t *)test_frame(18) = 18, *(uint32_t *)test_frame(19) = 19;
  window_set(at, (uint32_t)test_frame(18) | PRESENT | GLOBAL);
  EXPECT(*word_at(at), 18);
  window_set(at, (uint32_t)test_frame(19) | PRESENT | GLOBAL); /* INVLPG takes global translations too */
  EXPECT(*word_at(at), 19);
  *window_entry(at) = (uint32_t)test_frame(18) | PRESENT;
  write_cr4(read_cr4() & ~(uint32_t)CR4_PGE); /* and so does any change of PGE */
  EXPECT(*word_at(at), 18);
}

void paging_checks(void) {
  static const struct check list[] = {
    { "pse-4m", large_page },       { "accessed-dirty", accessed_dirty }, { "pf-not-present", not_present },
    { "pf-write-protect", write_protect }, { "pf-reserved", reserved_bit }, { "demand-paging", demand },
    { "page-crossing", crossing },  { "invlpg", invalidate },             { "cr3-switch", switch_directory },
    { "aliased-code", aliased_code }, { "global-pages", global_pages },
  };
  CHECKS_RUN(list);
}
