/* The processor's tables, in both widths, and its control registers. */
#include "bench/kernel.h"

enum { GATE_CALL = 0x80, VECTORS = GATE_CALL + 1, PAGE_FAULT = 14, KERNEL_GATE = 0x8e, USER_GATE = 0xee };
enum { MSR_STAR = 0xc0000081, MSR_LSTAR, MSR_CSTAR, MSR_FMASK, MSR_KERNEL_GS_BASE = 0xc0000102 };

struct pseudo_descriptor {
  uint16_t limit;
  uintptr_t base;
} __attribute__((packed));

extern const char kernel_stack_top[], page_fault_gate[], other_gate[];

#ifdef __x86_64__
extern const char call_entry[], per_cpu[];
enum { GATE_WORDS = 2 };
static const uint64_t CODE = 0x00af9a000000ffff, USERS_CODE = 0x00affa000000ffff;
static uint32_t task[26]; /* RSP0 from byte 4 */
#else
extern const char call_gate[];
enum { GATE_WORDS = 1 };
static const uint64_t CODE = 0x00cf9a000000ffff, USERS_CODE = 0x00cffa000000ffff;
static uint32_t task[26]; /* ESP0 in byte 4, SS0 in byte 8 */
#endif

static uint64_t gdt[8], idt[VECTORS][GATE_WORDS];

static void set_gate(unsigned vector, const char *handler, uint32_t access) {
  uint64_t at = (uintptr_t)handler;
  idt[vector][0] = (at & 0xffff0000) << 32 | (uint64_t)access << 40 | (uint64_t)KERNEL_CODE << 16 | (at & 0xffff);
}

static void set_descriptors(void) {
  uint64_t base = (uintptr_t)task;
  gdt[KERNEL_CODE / 8] = CODE;
  gdt[KERNEL_DATA / 8] = 0x00cf92000000ffff;
  gdt[USER_DATA / 8] = 0x00cff2000000ffff;
  gdt[USER_CODE / 8] = USERS_CODE;
  gdt[TASK / 8] = (base & 0xff000000) << 32 | (uint64_t)0x89 << 40 | (base & 0xffffff) << 16 | (sizeof task - 1);
  task[1] = (uint32_t)(uintptr_t)kernel_stack_top;
}

#ifdef __x86_64__
static void write_msr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void set_calls(void) {
  write_msr(MSR_STAR, (uint64_t)(USER_DATA - 8) << 48 | (uint64_t)KERNEL_CODE << 32);
  write_msr(MSR_LSTAR, (uintptr_t)call_entry);
  write_msr(MSR_FMASK, 0x700); /* DF, IF, TF */
  write_msr(MSR_KERNEL_GS_BASE, (uintptr_t)per_cpu);
}
#else
static void set_calls(void) {
  task[2] = KERNEL_DATA;
  set_gate(GATE_CALL, call_gate, USER_GATE);
}
#endif

void enter_descriptors(void) {
  for (unsigned vector = 0; vector < 32; vector++) set_gate(vector, other_gate, KERNEL_GATE);
  set_gate(PAGE_FAULT, page_fault_gate, KERNEL_GATE);
  set_descriptors();
  set_calls();
  struct pseudo_descriptor gdtr = {sizeof gdt - 1, (uintptr_t)gdt}, idtr = {sizeof idt - 1, (uintptr_t)idt};
  __asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
#ifndef __x86_64__
  __asm__ volatile("ljmp %0, $1f; 1:" : : "i"(KERNEL_CODE));
#endif
  __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%ss" : : "r"(KERNEL_DATA) : "memory");
  __asm__ volatile("ltr %w0" : : "r"(TASK));
}

void enter_paging(uintptr_t *root) {
  enum { WITHOUT_EM_TS = 0xc, PG_WP_NE_MP = (int)0x80010022 };
  uintptr_t cr0;
  __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  __asm__ volatile("mov %0, %%cr0" : : "r"((cr0 & ~(uintptr_t)WITHOUT_EM_TS) | (uint32_t)PG_WP_NE_MP) : "memory");
}
