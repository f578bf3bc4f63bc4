#include "kernel32/machine.h"

uint64_t gdt[16];
static uint64_t idt[256];
static uint64_t ldt[2] __attribute__((aligned(8)));
uint32_t tss[26 + 1 + 32]; /* 104 bytes, then the I/O bitmap for ports 0 … 0x3ff */

enum { TSS_SS0 = 2, TSS_IO_MAP = 25, PERMITTED_PORT = 0x80 };

uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags) {
  uint32_t low = (limit & 0xffff) | base << 16;
  uint32_t high = (base >> 16 & 0xff) | access << 8 | (limit & 0xf0000) | flags << 20 | (base & 0xff000000);
  return (uint64_t)high << 32 | low;
}

static uint64_t gate(uint32_t selector, uint32_t offset, uint32_t access, uint32_t parameters) {
  return (uint64_t)((offset & 0xffff0000) | access << 8 | parameters) << 32 | (selector << 16 | (offset & 0xffff));
}

void gate_set(unsigned vector, const void *handler, unsigned dpl, unsigned ist) {
  (void)ist;
  idt[vector] = gate(KERNEL_CODE, (uint32_t)handler, 0x8e | dpl << 5, 0);
}

void gate_present(unsigned vector, int present) {
  uint64_t bit = 1ull << 47;
  idt[vector] = present ? idt[vector] | bit : idt[vector] & ~bit;
}

static void fill_gdt(void) {
  extern const char call_gate_entry[];
  enum { FLAT = 0xfffff, G = 8, B32 = 4, PAGES = G | B32 };
  gdt[KERNEL_CODE / 8] = descriptor(0, FLAT, 0x9a, PAGES);
  gdt[KERNEL_DATA / 8] = descriptor(0, FLAT, 0x92, PAGES);
  gdt[USER_CODE / 8] = descriptor(0, FLAT, 0xfa, PAGES);
  gdt[USER_DATA / 8] = descriptor(0, FLAT, 0xf2, PAGES);
  gdt[TSS_SEGMENT / 8] = descriptor((uint32_t)tss, sizeof tss - 1, 0x89, 0);
  gdt[LDT_SEGMENT / 8] = descriptor((uint32_t)ldt, sizeof ldt - 1, 0x82, 0);
  gdt[CALL_GATE / 8] = gate(KERNEL_CODE, (uint32_t)call_gate_entry, 0xec, 2);
  gdt[SMALL_DATA / 8] = descriptor((uint32_t)test_frame(0), PAGE - 1, 0x92, B32);
  gdt[DOWN_DATA / 8] = descriptor((uint32_t)test_frame(0) - PAGE, PAGE - 1, 0x96, B32);
  gdt[ABSENT_DATA / 8] = descriptor(0, FLAT, 0x12, PAGES);
  gdt[READ_ONLY / 8] = descriptor(0, FLAT, 0x90, PAGES);
  gdt[EXEC_ONLY / 8] = descriptor(0, FLAT, 0x98, PAGES);
  gdt[CONFORMING / 8] = descriptor(0, FLAT, 0x9e, PAGES);
  ldt[1] = descriptor((uint32_t)test_frame(1), PAGE - 1, 0x92, B32);
}

void descriptors_init(void) {
  fill_gdt();
  for (int n = 0; n < 256; n++) gate_set(n, trap_stubs[n], 0, 0);
  gate_set(BP, trap_stubs[BP], 3, 0);
  gate_set(OF, trap_stubs[OF], 3, 0);
  gate_set(SYSCALL, trap_stubs[SYSCALL], 3, 0);

  tss[TSS_SS0] = KERNEL_DATA;
  tss[TSS_IO_MAP] = 104 << 16;
  for (int n = 26; n < 59; n++) tss[n] = ~0u;
  tss[26 + PERMITTED_PORT / 32] &= ~(1u << PERMITTED_PORT % 32);

  struct pseudo_descriptor gdtr = { sizeof gdt - 1, (uint32_t)gdt }, idtr = { sizeof idt - 1, (uint32_t)idt };
  __asm__ volatile("lgdt %0; lidt %1; ljmp %2, $1f; 1:" : : "m"(gdtr), "m"(idtr), "i"(KERNEL_CODE));
  __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%fs; movl %0, %%gs; movl %0, %%ss" : : "r"(KERNEL_DATA));
  __asm__ volatile("ltr %w0; lldt %w1" : : "r"(TSS_SEGMENT), "r"(LDT_SEGMENT));
}
