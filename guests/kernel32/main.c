#include "common/multiboot.h"
#include "common/options.h"
#include "common/print.h"
#include "kernel/check.h"
#include "kernel/interrupt-checks.h"
#include "kernel/timer.h"
#include "kernel32/machine.h"

static uint32_t boot_magic;
static const struct multiboot_info *boot_info;

static void multiboot(void) {
  EXPECT(boot_magic, MULTIBOOT_BOOT_MAGIC);
  EXPECT_TRUE(boot_info->flags & MULTIBOOT_MEMORY);
  EXPECT_TRUE(boot_info->mem_upper >= 7 * 1024);
  EXPECT_TRUE((uint32_t)kernel_end < 0x400000);
}

static void entry_state(void) {
  EXPECT(read_cr0() & 0x80000001, 1);
  EXPECT(read_flags() & FLAG_IF, 0);
}

static void descriptors(void) {
  descriptors_init();
  struct pseudo_descriptor gdtr;
  uint32_t cs, ss, tr = 0, ldtr = 0;
  __asm__ volatile("sgdt %0" : "=m"(gdtr));
  __asm__ volatile("movl %%cs, %0; movl %%ss, %1; str %w2; sldt %w3" : "=r"(cs), "=r"(ss), "+r"(tr), "+r"(ldtr));
  EXPECT(gdtr.base, gdt);
  EXPECT(gdtr.limit, sizeof gdt - 1);
  EXPECT(cs, KERNEL_CODE);
  EXPECT(ss, KERNEL_DATA);
  EXPECT(tr & 0xffff, TSS_SEGMENT);
  EXPECT(ldtr & 0xffff, LDT_SEGMENT);
  EXPECT(gdt[TSS_SEGMENT / 8] >> 40 & 0xff, 0x8b); /* busy now */
  EXPECT(gdt[KERNEL_DATA / 8] >> 40 & 1, 1);       /* accessed */
}

static void paging(void) {
  paging_init();
  EXPECT(read_cr0() >> 31, 1);
  EXPECT(read_cr3() & ~0xfffu, directory);
}

static void cpuid(void) {
  uint32_t before = read_flags();
  write_flags(before ^ FLAG_ID);
  EXPECT(read_flags() & FLAG_ID, (before ^ FLAG_ID) & FLAG_ID);
  write_flags(before);
  uint32_t a = 0, b, c, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  EXPECT_TRUE(a >= 1);
  a = 1;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  enum { PSE = 1 << 3, TSC = 1 << 4, MSR = 1 << 5, CX8 = 1 << 8, SEP = 1 << 11, PGE = 1 << 13, CMOV = 1 << 15 };
  uint32_t wanted = PSE | TSC | MSR | CX8 | SEP | PGE | CMOV;
  EXPECT(d & wanted, wanted);
}

_Noreturn void kernel32(uint32_t magic, const struct multiboot_info *info) {
  static const struct check start[] = {
    { "multiboot", multiboot },
    { "entry-state", entry_state },
    { "cpuid", cpuid },
    { "descriptors", descriptors },
    { "paging-on", paging },
  };
  boot_magic = magic;
  boot_info = info;
  options_load(info->flags & MULTIBOOT_COMMAND_LINE ? (const char *)info->command_line : 0);
  print("kernel32: start\n");
  CHECKS_RUN(start);
  timer_init();
  integer_checks();
  string_checks();
  exception_checks();
  interrupt_checks();
  segment_checks();
  paging_checks();
  user_checks();
  checks_end("kernel32");
}
