#include "kernel64/machine.h"

uint64_t gdt[12];
struct tss64 tss;
uint8_t ist_stacks[2][4096] __attribute__((aligned(16)));
static struct { uint64_t low, high; } idt[256] __attribute__((aligned(16)));

void gate_set(unsigned vector, const void *handler, unsigned dpl, unsigned ist) {
  uint64_t offset = (uint64_t)handler, access = 0x8e | dpl << 5;
  idt[vector].low = (offset & 0xffff) | (uint64_t)KERNEL_CODE << 16 | (uint64_t)ist << 32 | access << 40 | (offset >> 16 & 0xffff) << 48;
  idt[vector].high = offset >> 32;
}

void gate_present(unsigned vector, int present) {
  uint64_t bit = 1ull << 47;
  idt[vector].low = present ? idt[vector].low | bit : idt[vector].low & ~bit;
}

static void fill_gdt(void) {
  uint64_t base = (uint64_t)&tss;
  gdt[KERNEL_CODE / 8] = 0x00af9a000000ffff;
  gdt[KERNEL_DATA / 8] = 0x00cf92000000ffff;
  gdt[USER_CODE32 / 8] = 0x00cffa000000ffff;
  gdt[USER_DATA / 8] = 0x00cff2000000ffff;
  gdt[USER_CODE / 8] = 0x00affa000000ffff;
  gdt[TSS_SEGMENT / 8] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  gdt[TSS_SEGMENT / 8 + 1] = base >> 32;
  gdt[ABSENT_DATA / 8] = 0x00cf12000000ffff;
  gdt[CODE32 / 8] = 0x00cf9a000000ffff;
}

void descriptors_init(void) {
  fill_gdt();
  for (int n = 0; n < 256; n++) gate_set(n, trap_stubs[n], 0, 0);
  gate_set(BP, trap_stubs[BP], 3, 0);
  gate_set(SYSCALL, trap_stubs[SYSCALL], 3, 0);
  gate_set(DF, trap_stubs[DF], 0, 1);
  gate_set(NMI, trap_stubs[NMI], 0, 2);
  tss.ist[0] = (uint64_t)(ist_stacks + 1);
  tss.ist[1] = (uint64_t)(ist_stacks + 2);
  tss.io_map = sizeof tss; /* no bitmap */

  struct pseudo_descriptor gdtr = { sizeof gdt - 1, (uint64_t)gdt }, idtr = { sizeof idt - 1, (uint64_t)idt };
  __asm__ volatile("lgdt %0; lidt %1; pushq %2; pushq $1f; lretq; 1:" : : "m"(gdtr), "m"(idtr), "i"(KERNEL_CODE) : "memory");
  __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%ss; movl %1, %%fs; movl %1, %%gs" : : "r"(KERNEL_DATA), "r"(0));
  __asm__ volatile("ltr %w0" : : "r"(TSS_SEGMENT));
}
