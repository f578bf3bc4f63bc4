/* The way from a gate to trap() and back, for kernels that use segments, tasks or virtual-8086 mode; and descriptors. */
#pragma once
#include <stdint.h>

#include "modes/selectors.h"

enum vector { DB = 1, UD = 6, DF = 8, TS = 10, NP = 11, SS = 12, GP = 13 };
enum { FLAG_CF = 1, FLAG_TF = 0x100, FLAG_IF = 0x200, FLAG_IOPL = 0x3000, FLAG_NT = 0x4000, FLAG_RF = 1 << 16, FLAG_VM = 1 << 17,
       FLAG_VIF = 1 << 19, FLAG_VIP = 1 << 20 };

/* The stack as the stubs leave it. sp and ss are there only if the trap came from another level, the rest only from virtual-8086 mode. */
struct frame {
  uint32_t gs, fs, es, ds, di, si, bp, unused, bx, dx, cx, ax, vector, error, ip, cs, flags, sp, ss, v_es, v_ds, v_fs, v_gs;
};

/* Called with every register saved; IRET goes to the (possibly changed) frame. Each kernel has its own. */
void trap(struct frame *frame);

/* One 16-byte stub for each vector. */
extern const char trap_stubs[256][16];

struct pseudo_descriptor {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

/* access: the byte with P, DPL, S and type; flags: G, D/B, L, AVL. */
static inline uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags) {
  uint32_t low = (limit & 0xffff) | base << 16;
  uint32_t high = (base >> 16 & 0xff) | access << 8 | (limit & 0xf0000) | flags << 20 | (base & 0xff000000);
  return (uint64_t)high << 32 | low;
}

static inline uint64_t gate(uint32_t selector, uint32_t offset, uint32_t access) {
  return (uint64_t)((offset & 0xffff0000) | access << 8) << 32 | (selector << 16 | (offset & 0xffff));
}

/* The flat segments that modes/selectors.h names. */
static inline void flat_segments(uint64_t *gdt) {
  enum { FLAT = 0xfffff, PAGES_32 = 12 };
  gdt[KERNEL_CODE / 8] = descriptor(0, FLAT, 0x9a, PAGES_32);
  gdt[KERNEL_DATA / 8] = descriptor(0, FLAT, 0x92, PAGES_32);
  gdt[USER_CODE / 8] = descriptor(0, FLAT, 0xfa, PAGES_32);
  gdt[USER_DATA / 8] = descriptor(0, FLAT, 0xf2, PAGES_32);
}

static inline void load_tables(const struct pseudo_descriptor *gdtr, const struct pseudo_descriptor *idtr) {
  __asm__ volatile("lgdt %0; lidt %1; ljmp %2, $1f; 1:" : : "m"(*gdtr), "m"(*idtr), "i"(KERNEL_CODE));
  __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%fs; movl %0, %%gs; movl %0, %%ss" : : "r"(KERNEL_DATA));
}

static inline uint32_t read_flags(void) {
  uint32_t v;
  __asm__ volatile("pushfl; popl %0" : "=r"(v));
  return v;
}

#define REGISTER(name) \
  static inline uint32_t read_##name(void) { uint32_t v; __asm__ volatile("movl %%" #name ", %0" : "=r"(v)); return v; } \
  static inline void write_##name(uint32_t v) { __asm__ volatile("movl %0, %%" #name : : "r"(v) : "memory"); }
REGISTER(cr0)
REGISTER(cr3)
REGISTER(cr4)
REGISTER(dr6)
enum { CR0_TS = 8, CR4_VME = 1, CR4_PVI = 2, CR4_PSE = 16 };
