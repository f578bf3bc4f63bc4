/* The dirtier's page tables: 4 KiB pages everywhere, so that each page has an entry of its own. One source for both widths. */
#include "dirtier/dirtier.h"

#include "common/finish.h"

#ifdef __x86_64__
enum { LEVELS = 4, INDEX_BITS = 9 };
#else
enum { LEVELS = 2, INDEX_BITS = 10 };
#endif
enum { ENTRIES = 1 << INDEX_BITS, POINTS = ENTRY_PRESENT | ENTRY_WRITE, FAIL_NO_ROOM = 16 };

static uintptr_t *root;
static uintptr_t next_table = TABLES;

static uintptr_t *new_table(void) {
  if (next_table == REGION) fail(FAIL_NO_ROOM);
  uintptr_t *table = (uintptr_t *)next_table;
  next_table += PAGE;
  for (int n = 0; n < ENTRIES; n++) table[n] = 0;
  return table;
}

uintptr_t *table_leaf(uint32_t linear) {
  uintptr_t *table = root;
  for (int level = LEVELS - 1; level > 0; level--) {
    uintptr_t *entry = &table[((uint64_t)linear >> (12 + level * INDEX_BITS)) & (ENTRIES - 1)];
    if (!*entry) *entry = (uintptr_t)new_table() | POINTS;
    table = (uintptr_t *)(*entry & ~(uintptr_t)(PAGE - 1));
  }
  return &table[(linear >> 12) & (ENTRIES - 1)];
}

void table_set(uint32_t linear, uintptr_t entry) {
  *(volatile uintptr_t *)table_leaf(linear) = entry;
  __asm__ volatile("invlpg (%0)" : : "r"((uintptr_t)linear) : "memory");
}

static void map(uint32_t linear, uint32_t physical) { *table_leaf(linear) = physical | POINTS; }

void tables_enter(uint32_t pages) {
  root = new_table();
  for (uint32_t at = 0; at < REGION; at += PAGE) map(at, at);
  for (uint32_t n = 0; n < pages; n++) {
    uint32_t frame = REGION + n * PAGE;
    map(frame, frame);
    map(FORWARD + n * PAGE, frame);
    map(FORWARD2 + n * PAGE, frame);
    map(BACKWARD + (pages - 1 - n) * PAGE, frame);
  }
  for (uint32_t n = 0; n < SLOT_COUNT; n++) table_leaf(SLOTS + n * PAGE);
  __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
  uintptr_t cr0;
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | 0x80010000u) : "memory"); /* PG, WP */
}
