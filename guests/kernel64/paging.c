#include "kernel64/machine.h"

#define PAGES __attribute__((aligned(4096)))
table pml4 PAGES, window_pdpt PAGES, window_pd PAGES, window_table PAGES, gigabyte_pdpt PAGES;
static table kernel_pdpt PAGES, kernel_pd PAGES, kernel_table PAGES, map_pdpt PAGES, map_pd PAGES, user_pdpt PAGES, user_pd PAGES,
  user_table PAGES;
static uint8_t frames[FRAMES][PAGE] PAGES;

enum { POINTS = PRESENT | WRITABLE | USER_PAGE };

uint8_t *test_frame(uint32_t n) { return frames[n]; }
uint64_t frame_address(uint32_t n) { return physical(frames[n]); }
volatile uint64_t *window_entry(uint64_t linear) { return &window_table[linear >> 12 & 511]; }

void window_set(uint64_t linear, uint64_t entry) {
  *window_entry(linear) = entry;
  invlpg(linear);
}

/* Pages [from, to) of the kernel, 4 KiB each. */
static void map_kernel(const char *from, const char *to, uint64_t rights) {
  for (uint64_t at = (uint64_t)from; at < (uint64_t)to; at += PAGE) kernel_table[at >> 12 & 511] = physical((char *)at) | PRESENT | rights;
}

static void map_user(void) {
  uint64_t count = (uint64_t)(user_end - user_start) / PAGE, code = (uint64_t)(user_data - user_start) / PAGE;
  for (uint64_t n = 0; n < count; n++) {
    uint64_t rights = n < code ? 0 : WRITABLE | NO_EXECUTE;
    user_table[((uint64_t)user_start >> 12) + n] = ((uint64_t)user_physical + n * PAGE) | PRESENT | USER_PAGE | rights;
  }
  user_pd[(uint64_t)user_start >> 21 & 511] = physical(user_table) | POINTS;
  user_pdpt[0] = physical(user_pd) | POINTS;
  pml4[0] = physical(user_pdpt) | POINTS;
}

void paging_init(void) {
  map_kernel(text_start, rodata_start, 0);
  map_kernel(rodata_start, data_start, NO_EXECUTE);
  map_kernel(data_start, kernel_end, WRITABLE | NO_EXECUTE);
  kernel_pd[0] = physical(kernel_table) | PRESENT | WRITABLE;
  kernel_pdpt[510] = physical(kernel_pd) | PRESENT | WRITABLE;
  pml4[511] = physical(kernel_pdpt) | PRESENT | WRITABLE;

  for (uint64_t n = 0; n < 512; n++) map_pd[n] = n << 21 | LARGE | PRESENT | WRITABLE | NO_EXECUTE;
  map_pdpt[0] = physical(map_pd) | PRESENT | WRITABLE;
  pml4[PHYSICAL_MAP >> 39 & 511] = physical(map_pdpt) | PRESENT | WRITABLE;

  window_pd[WINDOW_PDE] = physical(window_table) | POINTS;
  window_pdpt[0] = physical(window_pd) | POINTS;
  pml4[WINDOW >> 39 & 511] = physical(window_pdpt) | POINTS;
  pml4[GIGABYTE >> 39 & 511] = physical(gigabyte_pdpt) | POINTS;

  map_user();
  write_cr3(physical(pml4));
}
