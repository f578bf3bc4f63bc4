/* What the parts of kernel64 share of the processor: descriptors, paging, MSRs, and instructions C has no words for. */
#pragma once
#include <stdint.h>

#include "kernel/trap.h"
#include "kernel64/selectors.h"

#define PAGE 4096ull
#define KERNEL_BASE 0xffffffff80000000ull
#define PHYSICAL_MAP 0xffff800000000000ull /* the first GiB, by 2 MiB pages */
#define WINDOW 0x0000100000000000ull       /* 2 MiB of 4 KiB pages for tests … */
#define WINDOW_PDE 0                       /* … below this entry of window_pd */
#define GIGABYTE 0x0000200000000000ull

struct pseudo_descriptor {
  uint16_t limit;
  uint64_t base;
} __attribute__((packed));

struct tss64 {
  uint32_t reserved0;
  uint64_t rsp0, rsp1, rsp2, reserved1, ist[7], reserved2;
  uint16_t reserved3, io_map;
} __attribute__((packed));

extern uint64_t gdt[12];
extern struct tss64 tss;
extern uint8_t ist_stacks[2][4096];
void descriptors_init(void);
/* The selector of the code segment that attempt_user() enters. */
extern uint64_t user_cs;

enum { PRESENT = 1, WRITABLE = 2, USER_PAGE = 4, ACCESSED = 32, DIRTY = 64, LARGE = 128, GLOBAL = 256 };
#define NO_EXECUTE (1ull << 63)
typedef volatile uint64_t table[512];
extern table pml4, window_pdpt, window_pd, window_table, gigabyte_pdpt;
extern char text_start[], rodata_start[], data_start[], user_physical[], user_start[], user_data[], user_end[], kernel_end[];
extern char user_stack_top[];

/* Replaces the boot tables: text, constants and data each with its rights, by 4 KiB pages; nothing at 0. */
void paging_init(void);
/* Leaf entry of a linear address in the test window. */
volatile uint64_t *window_entry(uint64_t linear);
/* Writes the entry and drops the old translation. */
void window_set(uint64_t linear, uint64_t entry);
/* The n-th of 80 page frames free for tests: where the kernel sees it, and its physical address. */
#define FRAMES 80
uint8_t *test_frame(uint32_t n);
uint64_t frame_address(uint32_t n);
static inline uint64_t physical(const volatile void *kernel) { return (uint64_t)kernel - KERNEL_BASE; }

static inline void invlpg(uint64_t linear) { __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory"); }
static inline volatile uint64_t *word_at(uint64_t linear) { return (volatile uint64_t *)linear; }

#define CONTROL_REGISTER(name) \
  static inline uint64_t read_##name(void) { uint64_t v; __asm__ volatile("movq %%" #name ", %0" : "=r"(v)); return v; } \
  static inline void write_##name(uint64_t v) { __asm__ volatile("movq %0, %%" #name : : "r"(v) : "memory"); }
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
enum { CR0_WP = 1 << 16, CR4_PGE = 1 << 7 };

enum msr {
  EFER = 0xc0000080, STAR, LSTAR, CSTAR, FMASK, FS_BASE = 0xc0000100, GS_BASE, KERNEL_GS_BASE,
};
enum { EFER_SCE = 1, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

static inline uint64_t rdmsr(uint32_t msr) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint32_t cpuid_edx(uint32_t leaf, uint32_t *ecx) {
  uint32_t a = leaf, b, c = 0, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (ecx) *ecx = c;
  return d;
}

static inline uint64_t read_flags(void) {
  uint64_t v;
  __asm__ volatile("pushfq; popq %0" : "=r"(v));
  return v;
}

/* The parts, in the order in which they run. */
void integer_checks(void);
void string_checks(void);
void exception_checks(void);
void paging_checks(void);
void user_checks(void);
