#include "kernel32/machine.h"

#define PAGES __attribute__((aligned(4096)))
volatile uint32_t directory[1024] PAGES;
static volatile uint32_t low_table[1024] PAGES, window_table[1024] PAGES;
static uint8_t frames[FRAMES][PAGE] PAGES;

uint8_t *test_frame(uint32_t n) { return frames[n]; }
volatile uint32_t *window_entry(uint32_t linear) { return &window_table[linear >> 12 & 1023]; }

void window_set(uint32_t linear, uint32_t entry) {
  *window_entry(linear) = entry;
  invlpg(linear);
}

void paging_init(void) {
  for (uint32_t n = 0; n < 1024; n++) {
    uint32_t at = n * PAGE, user = at >= (uint32_t)user_start && at < (uint32_t)user_end;
    low_table[n] = at | PRESENT | WRITABLE | (user ? USER_PAGE : 0);
  }
  directory[0] = (uint32_t)low_table | PRESENT | WRITABLE | USER_PAGE;
  directory[1] = 0x400000 | LARGE | PRESENT | WRITABLE;
  directory[WINDOW >> 22] = (uint32_t)window_table | PRESENT | WRITABLE | USER_PAGE;
  write_cr4(read_cr4() | CR4_PSE);
  write_cr3((uint32_t)directory);
  write_cr0(read_cr0() | 0x80000000 | CR0_WP);
}
