#include "common/multiboot.h"
#include "common/options.h"
#include "common/print.h"
#include "kernel/check.h"
#include "kernel/interrupt-checks.h"
#include "kernel/timer.h"
#include "kernel64/machine.h"

static uint32_t boot_magic;

static void multiboot(void) { EXPECT(boot_magic, MULTIBOOT_BOOT_MAGIC); }

static void long_mode(void) {
  uint64_t wanted = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE, here;
  EXPECT(rdmsr(EFER) & wanted, wanted);
  __asm__("leaq 0(%%rip), %0" : "=r"(here));
  EXPECT(here >> 31, 0x1ffffffff);
  EXPECT(read_cr0() & 0x80000001, 0x80000001);
}

static void cpuid(void) {
  enum { PAE = 1 << 6, CX8 = 1 << 8, PGE = 1 << 13, CX16 = 1 << 13, SYSCALL_BIT = 1 << 11, NX = 1 << 20, LM = 1 << 29 };
  uint32_t ecx, edx = cpuid_edx(1, &ecx);
  EXPECT(edx & (PAE | CX8 | PGE), PAE | CX8 | PGE);
  EXPECT(ecx & CX16, CX16);
  edx = cpuid_edx(0x80000001, &ecx);
  EXPECT(edx & (SYSCALL_BIT | NX | LM), SYSCALL_BIT | NX | LM);
  EXPECT(ecx & 1, 1); /* LAHF and SAHF in 64-bit mode */
}

static void descriptors(void) {
  descriptors_init();
  struct pseudo_descriptor gdtr, idtr;
  uint64_t cs, ss, tr = 0;
  __asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
  __asm__ volatile("movq %%cs, %0; movq %%ss, %1; str %w2" : "=r"(cs), "=r"(ss), "+r"(tr));
  EXPECT(gdtr.base, gdt);
  EXPECT(gdtr.limit, sizeof gdt - 1);
  EXPECT(idtr.limit, 4095);
  EXPECT(cs, KERNEL_CODE);
  EXPECT(ss, KERNEL_DATA);
  EXPECT(tr & 0xffff, TSS_SEGMENT);
  EXPECT(gdt[TSS_SEGMENT / 8] >> 40 & 0xff, 0x8b); /* busy now */
}

static void paging(void) {
  paging_init();
  EXPECT(read_cr3() & ~0xfffull, physical(pml4));
  *(volatile uint64_t *)test_frame(0) = 0x1234567890;
  EXPECT(*word_at(PHYSICAL_MAP + frame_address(0)), 0x1234567890);
  EXPECT_TRUE(kernel_end - (char *)KERNEL_BASE < 0x200000);
}

_Noreturn void kernel64(uint32_t magic, const struct multiboot_info *info) {
  static const struct check start[] = {
    { "multiboot", multiboot }, { "long-mode", long_mode }, { "cpuid", cpuid }, { "descriptors", descriptors }, { "paging-on", paging },
  };
  boot_magic = magic;
  options_load(info->flags & MULTIBOOT_COMMAND_LINE ? (const char *)(uint64_t)info->command_line : 0);
  print("kernel64: start\n");
  CHECKS_RUN(start);
  timer_init();
  integer_checks();
  string_checks();
  exception_checks();
  interrupt_checks();
  paging_checks();
  user_checks();
  checks_end("kernel64");
}
