/* 4-level paging: three page sizes, A and D at every level, each error code, the TLB, and pages that appear when touched. */
#include "kernel/check.h"
#include "kernel64/machine.h"

enum { PF_PRESENT = 1, PF_WRITE = 2, PF_RESERVED = 8, PF_FETCH = 16 };
enum { PDE = 1 }; /* an entry of window_pd for large pages, and where it maps */
#define LARGE_AT (WINDOW + 0x200000 * PDE)

static void read_at(uintptr_t at) { (void)*word_at(at); }
static void write_at(uintptr_t at) { *word_at(at) = 0x77777777; }
static void call_at(uintptr_t at) { ((void (*)(void))at)(); }

static void expect_fault(uint64_t linear, uint64_t error) {
  EXPECT(seen.vector, PF);
  EXPECT(seen.error, error);
  EXPECT(seen.cr2, linear);
}

static void set_large(uint64_t entry) {
  window_pd[PDE] = entry;
  invlpg(LARGE_AT);
}

/* The frame's offset in its 2 MiB page, with which the page at 0 shows it too. */
static void page_2m(void) {
  uint64_t at = LARGE_AT + frame_address(3);
  *(volatile uint64_t *)test_frame(3) = 0x3333;
  set_large(LARGE | PRESENT);
  EXPECT(*word_at(at), 0x3333);
  EXPECT(window_pd[PDE] & (ACCESSED | DIRTY), ACCESSED);
  attempt(write_at, at);
  expect_fault(at, PF_PRESENT | PF_WRITE);
  set_large(LARGE | PRESENT | WRITABLE);
  *word_at(at) = 0x4444;
  EXPECT(window_pd[PDE] & (ACCESSED | DIRTY), ACCESSED | DIRTY);
  EXPECT(*(volatile uint64_t *)test_frame(3), 0x4444);
  set_large(0);
}

/* As CPUID says: a 1 GiB page, or PS reserved in a PDPTE. */
static void page_1g(void) {
  uint64_t at = GIGABYTE + frame_address(3);
  int supported = cpuid_edx(0x80000001, 0) >> 26 & 1;
  *(volatile uint64_t *)test_frame(3) = 0x5555;
  gigabyte_pdpt[0] = LARGE | PRESENT | WRITABLE;
  attempt(read_at, at);
  if (supported) {
    EXPECT(seen.vector, NO_TRAP);
    EXPECT(*word_at(at), 0x5555);
    *word_at(at) = 0x6666;
    EXPECT(*(volatile uint64_t *)test_frame(3), 0x6666);
    EXPECT(gigabyte_pdpt[0] & (ACCESSED | DIRTY), ACCESSED | DIRTY);
  } else {
    expect_fault(at, PF_PRESENT | PF_RESERVED);
  }
  gigabyte_pdpt[0] = 0;
  invlpg(at);
}

/* A at all four levels; D only in the leaf, and only by a write. */
static void accessed_dirty(void) {
  uint64_t at = WINDOW + 5 * PAGE, mask = ACCESSED | DIRTY;
  volatile uint64_t *upper[3] = { &pml4[WINDOW >> 39 & 511], &window_pdpt[0], &window_pd[WINDOW_PDE] };
  window_set(at, frame_address(5) | PRESENT | WRITABLE);
  for (int n = 0; n < 3; n++) *upper[n] &= ~mask;
  write_cr3(read_cr3());
  EXPECT(*window_entry(at) & mask, 0);
  (void)*word_at(at);
  EXPECT(*window_entry(at) & mask, ACCESSED);
  for (int n = 0; n < 3; n++) EXPECT(*upper[n] & mask, ACCESSED);
  *word_at(at) = 1;
  EXPECT(*window_entry(at) & mask, mask);
  for (int n = 0; n < 3; n++) EXPECT(*upper[n] & mask, ACCESSED);
  *window_entry(at) &= ~mask;
  invlpg(at);
  *word_at(at) = 2;
  EXPECT(*window_entry(at) & mask, mask);
}

static void not_present(void) {
  uint64_t at = WINDOW + 6 * PAGE + 0x123;
  window_set(at, 0);
  attempt(read_at, at);
  expect_fault(at, 0);
  attempt(write_at, at);
  expect_fault(at, PF_WRITE);
  attempt(call_at, at);
  expect_fault(at, PF_FETCH);
  EXPECT(seen.ip, at);
  for (uint64_t shift = 21; shift <= 39; shift += 9) { /* no table at each level */
    attempt(read_at, WINDOW + (5ull << shift));
    expect_fault(WINDOW + (5ull << shift), 0);
  }
}

static void no_execute(void) {
  uint64_t at = WINDOW + 7 * PAGE;
  *(volatile uint8_t *)test_frame(7) = 0xc3; /* RET */
  window_set(at, frame_address(7) | PRESENT);
  attempt(call_at, at);
  EXPECT(seen.vector, NO_TRAP);
  window_set(at, frame_address(7) | PRESENT | NO_EXECUTE);
  attempt(call_at, at);
  expect_fault(at, PF_PRESENT | PF_FETCH);
  attempt(read_at, at);
  EXPECT(seen.vector, NO_TRAP);
  window_set(at, frame_address(7) | PRESENT);
  window_pd[WINDOW_PDE] |= NO_EXECUTE; /* one level is enough */
  write_cr3(read_cr3());
  attempt(call_at, at);
  expect_fault(at, PF_PRESENT | PF_FETCH);
  window_pd[WINDOW_PDE] &= ~NO_EXECUTE;
  write_cr3(read_cr3());
  attempt(call_at, (uintptr_t)test_frame(7)); /* the kernel's own data */
  expect_fault((uintptr_t)test_frame(7), PF_PRESENT | PF_FETCH);
}

static void write_protect(void) {
  uint64_t at = WINDOW + 8 * PAGE;
  *(volatile uint64_t *)test_frame(8) = 1;
  window_set(at, frame_address(8) | PRESENT);
  attempt(write_at, at);
  expect_fault(at, PF_PRESENT | PF_WRITE);
  EXPECT(*word_at(at), 1);
  EXPECT(*window_entry(at) & DIRTY, 0);
  write_cr0(read_cr0() & ~(uint64_t)CR0_WP);
  attempt(write_at, at);
  write_cr0(read_cr0() | CR0_WP);
  EXPECT(seen.vector, NO_TRAP);
  EXPECT(*word_at(at), 0x77777777);
  window_set(at, frame_address(8) | PRESENT | WRITABLE);
  window_pdpt[0] &= ~(uint64_t)WRITABLE; /* every level must permit */
  write_cr3(read_cr3());
  attempt(write_at, at);
  expect_fault(at, PF_PRESENT | PF_WRITE);
  window_pdpt[0] |= WRITABLE;
  write_cr3(read_cr3());
  attempt(write_at, (uintptr_t)text_start); /* the kernel's own text */
  expect_fault((uintptr_t)text_start, PF_PRESENT | PF_WRITE);
}

/* Address bits from MAXPHYADDR on, PS in a PML4E, low address bits of a large page. */
static void reserved_bits(void) {
  uint64_t at = WINDOW + 9 * PAGE;
  window_set(at, frame_address(9) | PRESENT | 1ull << 51);
  attempt(read_at, at);
  expect_fault(at, PF_PRESENT | PF_RESERVED);
  attempt(write_at, at);
  expect_fault(at, PF_PRESENT | PF_RESERVED | PF_WRITE);
  window_set(at, 1ull << 51); /* not present: nothing is reserved */
  attempt(read_at, at);
  expect_fault(at, 0);
  pml4[100] = physical(window_pdpt) | PRESENT | LARGE;
  at = 100ull << 39;
  attempt(read_at, at);
  expect_fault(at, PF_PRESENT | PF_RESERVED);
  pml4[100] = 0;
  set_large(1 << 13 | LARGE | PRESENT); /* below the frame of a large page */
  attempt(read_at, LARGE_AT);
  expect_fault(LARGE_AT, PF_PRESENT | PF_RESERVED);
  set_large(0);
}

static volatile uint32_t touched;

static int map_on_touch(struct frame *frame) {
  if (frame->vector != PF || (frame->error & PF_PRESENT)) return 0;
  window_set(seen.cr2, frame_address(touched) | PRESENT | WRITABLE);
  touched++;
  return 1;
}

static void demand(void) {
  uint64_t base = WINDOW + 100 * PAGE;
  for (uint64_t n = 0; n < 64; n++) window_set(base + n * PAGE, 0);
  touched = 0;
  trap_hook = map_on_touch;
  for (uint64_t n = 0; n < 64; n++) *word_at(base + (n * 37 % 64) * PAGE + n * 8) = n;
  for (uint64_t n = 0; n < 64; n++) EXPECT(*word_at(base + (n * 37 % 64) * PAGE + n * 8), n);
  trap_hook = 0;
  EXPECT(touched, 64);
}

/* A store over a page boundary whose second page is missing has no effect at all, and then the whole one. */
static void crossing(void) {
  uint64_t at = WINDOW + 10 * PAGE;
  window_set(at, frame_address(70) | PRESENT | WRITABLE);
  window_set(at + PAGE, 0);
  *word_at(at + PAGE - 8) = 0x1111111111111111;
  attempt(write_at, at + PAGE - 4);
  expect_fault(at + PAGE, PF_WRITE);
  EXPECT(*word_at(at + PAGE - 8), 0x1111111111111111);
  touched = 71;
  trap_hook = map_on_touch;
  *word_at(at + PAGE - 3) = 0x8877665544332211;
  trap_hook = 0;
  EXPECT(*word_at(at + PAGE - 8), 0x3322111111111111);
  EXPECT(*(volatile uint32_t *)test_frame(71), 0x77665544);
}

static void invalidate(void) {
  uint64_t at = WINDOW + 12 * PAGE;
  *(volatile uint64_t *)test_frame(12) = 12, *(volatile uint64_t *)test_frame(13) = 13;
  window_set(at, frame_address(12) | PRESENT);
  EXPECT(*word_at(at), 12);
  window_set(at, frame_address(13) | PRESENT);
  EXPECT(*word_at(at), 13);
  *window_entry(at) = frame_address(12) | PRESENT;
  write_cr3(read_cr3());
  EXPECT(*word_at(at), 12);
  set_large(LARGE | PRESENT); /* one INVLPG anywhere in it takes a large page */
  EXPECT(*word_at(LARGE_AT + frame_address(13)), 13);
  window_pd[PDE] = 0;
  invlpg(LARGE_AT + 0x1ff000);
  attempt(read_at, LARGE_AT + frame_address(13));
  expect_fault(LARGE_AT + frame_address(13), 0);
}

/* Another PML4 gives the same linear address another page; the kernel is in both. */
static void switch_pml4(void) {
  volatile uint64_t *other = (volatile uint64_t *)test_frame(20), *pdpt = (volatile uint64_t *)test_frame(21);
  volatile uint64_t *pd = (volatile uint64_t *)test_frame(24), *pt = (volatile uint64_t *)test_frame(25);
  uint64_t at = WINDOW + 14 * PAGE, home = read_cr3();
  for (int n = 0; n < 512; n++) other[n] = pml4[n], pdpt[n] = pd[n] = pt[n] = 0;
  other[WINDOW >> 39 & 511] = frame_address(21) | PRESENT | WRITABLE;
  pdpt[0] = frame_address(24) | PRESENT | WRITABLE;
  pd[0] = frame_address(25) | PRESENT | WRITABLE;
  pt[14] = frame_address(23) | PRESENT | WRITABLE;
  window_set(at, frame_address(22) | PRESENT | WRITABLE);
  *word_at(at) = 22;
  write_cr3(frame_address(20));
  *word_at(at) = 23;
  EXPECT(*word_at(at), 23);
  write_cr3(home);
  EXPECT(*word_at(at), 22);
  EXPECT(*(volatile uint64_t *)test_frame(23), 23);
}

/* A page of code is mapped twice and changed through the other mapping, between two calls. */
static void aliased_code(void) {
  uint64_t code = WINDOW + 16 * PAGE, alias = WINDOW + 17 * PAGE, first, second;
  window_set(code, frame_address(16) | PRESENT);
  window_set(alias, frame_address(16) | PRESENT | WRITABLE | NO_EXECUTE);
  *word_at(alias) = 0xc300000001b8; /* mov $1, %eax; ret */
  __asm__ volatile("call *%1" : "=a"(first) : "r"(code) : "memory");
  *word_at(alias) = 0xc300000002b8;
  __asm__ volatile("call *%1" : "=a"(second) : "r"(code) : "memory");
  EXPECT(first, 1);
  EXPECT(second, 2);
}

static void global_pages(void) {
  uint64_t at = WINDOW + 18 * PAGE;
  write_cr4(read_cr4() | CR4_PGE);
  *(volatile uint64_t *)test_frame(18) = 18, *(volatile uint64_t *)test_frame(19) = 19;
  window_set(at, frame_address(18) | PRESENT | GLOBAL);
  EXPECT(*word_at(at), 18);
  window_set(at, frame_address(19) | PRESENT | GLOBAL); /* INVLPG takes global translations too */
  EXPECT(*word_at(at), 19);
  *window_entry(at) = frame_address(18) | PRESENT;
  write_cr4(read_cr4() & ~(uint64_t)CR4_PGE); /* and so does any change of PGE */
  EXPECT(*word_at(at), 18);
}

/* With an entry that points to the PML4 itself, the tables are seen at linear addresses. */
static void recursive(void) {
  uint64_t slot = 300, at = WINDOW + 19 * PAGE, index = (slot << 39 | (at & 0xffffffffffff) >> 9) & ~7ull;
  pml4[slot] = physical(pml4) | PRESENT | WRITABLE;
  window_set(at, frame_address(18) | PRESENT);
  uint64_t leaf = index | 0xffff000000000000;
  EXPECT(*word_at(leaf) & ~0xfffull, frame_address(18));
  *word_at(leaf) = frame_address(19) | PRESENT;
  invlpg(at);
  EXPECT(*word_at(at), 19);
  pml4[slot] = 0;
  write_cr3(read_cr3());
}

void paging_checks(void) {
  static const struct check list[] = {
    { "page-2m", page_2m }, { "page-1g", page_1g }, { "accessed-dirty", accessed_dirty }, { "pf-not-present", not_present },
    { "pf-no-execute", no_execute }, { "pf-write-protect", write_protect }, { "pf-reserved", reserved_bits }, { "demand-paging", demand },
    { "page-crossing", crossing }, { "invlpg", invalidate }, { "cr3-switch", switch_pml4 }, { "aliased-code", aliased_code },
    { "global-pages", global_pages }, { "recursive-map", recursive },
  };
  CHECKS_RUN(list);
}
