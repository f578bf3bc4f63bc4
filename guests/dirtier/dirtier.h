/* What the parts of the dirtier share: its places in memory, the control page, and the run in progress. */
#pragma once
#include <stdint.h>

#define PAGE 4096u
#define CONTROL 0x500000u     /* the control page */
#define TABLES 0x510000u      /* its own page tables, up to the region */
#define REGION 0x600000u      /* what is dirtied */
#define MAX_PAGES 16384u      /* so that the tables of all windows fit below the region */

/* Linear windows besides the identity mapping. */
#define FORWARD 0x40000000u   /* two windows on the region in order … */
#define FORWARD2 0x48000000u
#define BACKWARD 0x50000000u  /* … one with its frames in reverse order … */
#define SLOTS 0x60000000u     /* … and pages mapped and unmapped all the time */
#define SLOT_COUNT 4096u

/* A field of the control page: 64 bits to the host; the guest uses the low half, the high one stays zero. */
struct field { volatile uint32_t value, zero; };

/* The layout is documented in guests/README.md; hosts rely on it. */
struct control {
  struct field magic;      /* 0x00 "DIRT" in the low half, "IER1" in the high one */
  struct field iteration;  /* 0x08 the value written; the host's to set with self=0 */
  struct field writes;     /* 0x10 pages written so far */
  struct field last_page;  /* 0x18 index in the region of the page written last */
  struct field stop;       /* 0x20 the host sets it to end the run */
  struct field region;     /* 0x28 GPA of the region */
  struct field pages;      /* 0x30 its length */
  struct field state;      /* 0x38 0 preparing, 1 running, 2 done */
  struct field pattern;    /* 0x40 index of the pattern in force */
  struct field checksum;   /* 0x48 of the region, once done */
};
#define CONTROL_PAGE ((struct control *)CONTROL)

enum { PREPARING, RUNNING, DONE };

struct run {
  uint32_t pages, random, next;
};

struct pattern {
  const char *name;
  void (*write)(struct run *run);
};
#define PATTERNS 7
extern const struct pattern patterns[PATTERNS];

/* Builds the tables for a region of `pages` pages and turns paging on with them. */
void tables_enter(uint32_t pages);
/* The leaf entry that maps `linear`; the tables above it are made as needed. */
uintptr_t *table_leaf(uint32_t linear);
/* Writes the leaf entry of `linear` and drops the old translation. */
void table_set(uint32_t linear, uintptr_t entry);
enum { ENTRY_PRESENT = 1, ENTRY_WRITE = 2, ENTRY_ACCESSED = 32, ENTRY_DIRTY = 64 };
