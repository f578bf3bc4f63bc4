/* What the parts of kernel32 share of the processor: descriptors, paging, and instructions C has no words for. */
#pragma once
#include <stdint.h>

#include "kernel/trap.h"
#include "kernel32/selectors.h"

#define USER __attribute__((section(".user"), noinline, used))
#define PAGE 4096u

struct pseudo_descriptor {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

extern uint64_t gdt[16];
extern uint32_t tss[26 + 1 + 32];
void descriptors_init(void);
/* access: the byte with P, DPL, S and type; flags: G, D/B, L, AVL. */
uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags);

enum { PRESENT = 1, WRITABLE = 2, USER_PAGE = 4, ACCESSED = 32, DIRTY = 64, LARGE = 128, GLOBAL = 256 };
extern volatile uint32_t directory[1024];
extern char user_start[], user_end[], user_stack_top[], kernel_end[];
/* Identity mapping of the low 4 MiB by 4 KiB pages, a 4 MiB page for the next; paging and WP on. */
void paging_init(void);
/* Leaf entry of a linear address in the test window; its table exists. */
#define WINDOW 0x80000000u
volatile uint32_t *window_entry(uint32_t linear);
/* Writes the entry and drops the old translation. */
void window_set(uint32_t linear, uint32_t entry);
/* The n-th of 80 page frames free for tests, by its identity-mapped address. */
#define FRAMES 80
uint8_t *test_frame(uint32_t n);

static inline void invlpg(uint32_t linear) { __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory"); }
static inline volatile uint32_t *word_at(uint32_t linear) { return (volatile uint32_t *)linear; }

#define CONTROL_REGISTER(name) \
  static inline uint32_t read_##name(void) { uint32_t v; __asm__ volatile("movl %%" #name ", %0" : "=r"(v)); return v; } \
  static inline void write_##name(uint32_t v) { __asm__ volatile("movl %0, %%" #name : : "r"(v) : "memory"); }
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
enum { CR0_WP = 1 << 16, CR0_AM = 1 << 18, CR4_PSE = 1 << 4, CR4_PGE = 1 << 7 };

static inline uint32_t read_flags(void) {
  uint32_t v;
  __asm__ volatile("pushfl; popl %0" : "=r"(v));
  return v;
}

static inline void write_flags(uint32_t v) { __asm__ volatile("pushl %0; popfl" : : "r"(v) : "memory", "cc"); }

/* The parts, in the order in which they run. */
void integer_checks(void);
void string_checks(void);
void exception_checks(void);
void segment_checks(void);
void paging_checks(void);
void user_checks(void);
