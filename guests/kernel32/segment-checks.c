/* Segmentation: limits, directions, access rights, far transfers, far pointers. */
#include "kernel/check.h"
#include "kernel32/machine.h"

#define BODY(name, text) __attribute__((naked)) static void name(uintptr_t arg) { (void)arg; __asm__(text); }

BODY(read_byte, "movl 4(%esp), %eax; movw (%eax), %fs; movl 4(%eax), %eax; movb %fs:(%eax), %al; ret")
BODY(read_long, "movl 4(%esp), %eax; movw (%eax), %fs; movl 4(%eax), %eax; movl %fs:(%eax), %eax; ret")
BODY(write_byte, "movl 4(%esp), %eax; movw (%eax), %fs; movl 4(%eax), %eax; movb $1, %fs:(%eax); ret")
BODY(write_code, "movb $1, %cs:0x200000; ret")

static uint32_t through(body *fn, uint32_t selector, uint32_t offset) {
  static uint32_t operands[2];
  operands[0] = selector, operands[1] = offset;
  attempt(fn, (uintptr_t)operands);
  return seen.vector;
}

static void limits(void) {
  EXPECT(through(read_byte, SMALL_DATA, PAGE - 1), NO_TRAP);
  EXPECT(through(read_byte, SMALL_DATA, PAGE), GP);
  EXPECT(through(read_long, SMALL_DATA, PAGE - 4), NO_TRAP);
  EXPECT(through(read_long, SMALL_DATA, PAGE - 3), GP);
  EXPECT(seen.error, 0);
}

static void expand_down(void) {
  EXPECT(through(read_byte, DOWN_DATA, PAGE), NO_TRAP);
  EXPECT(through(read_byte, DOWN_DATA, PAGE - 1), GP);
  EXPECT(through(read_long, DOWN_DATA, PAGE - 2), GP);
}

static void rights(void) {
  EXPECT(through(read_byte, READ_ONLY, 0x200000), NO_TRAP);
  EXPECT(through(write_byte, READ_ONLY, 0x200000), GP);
  EXPECT(through(read_byte, 0, 0), GP); /* null: the load is allowed, the access is not */
  EXPECT(seen.error, 0);
  attempt(write_code, 0);
  EXPECT(seen.vector, GP);
}

static void local_table(void) {
  *(uint32_t *)test_frame(1) = 0xcafe;
  uint32_t value;
  __asm__ volatile("movl %1, %%gs; movl %%gs:0, %0; movl %2, %%gs" : "=&r"(value) : "r"(8 | 4), "r"(KERNEL_DATA));
  EXPECT(value, 0xcafe);
  EXPECT(through(read_byte, 16 | 4, 0), GP); /* beyond the LDT */
  EXPECT(seen.error, 16 | 4);
}

static uint32_t zero_flag(const char *which, uint32_t selector, uint32_t *value) {
  uint32_t zf, v = 0;
  if (which[0] == 'a') __asm__ volatile("larl %2, %1; sete %b0" : "=q"(zf), "+r"(v) : "r"(selector) : "cc");
  else if (which[0] == 's') __asm__ volatile("lsll %2, %1; sete %b0" : "=q"(zf), "+r"(v) : "r"(selector) : "cc");
  else if (which[0] == 'r') __asm__ volatile("verr %w1; sete %b0" : "=q"(zf) : "r"(selector) : "cc");
  else __asm__ volatile("verw %w1; sete %b0" : "=q"(zf) : "r"(selector) : "cc");
  if (value) *value = v;
  return zf & 1;
}

static void questions(void) {
  uint32_t v;
  EXPECT(zero_flag("ar", SMALL_DATA, &v), 1);
  EXPECT(v & 0x00f0fe00, 0x00409200);
  EXPECT(zero_flag("sl", KERNEL_DATA, &v), 1);
  EXPECT(v, 0xffffffff);
  EXPECT(zero_flag("sl", SMALL_DATA, &v), 1);
  EXPECT(v, PAGE - 1);
  EXPECT(zero_flag("sl", CALL_GATE & ~3, &v), 0);
  EXPECT(zero_flag("ar", 0x3f8, &v), 0);
  EXPECT(zero_flag("r", READ_ONLY, 0), 1);
  EXPECT(zero_flag("w", READ_ONLY, 0), 0);
  EXPECT(zero_flag("r", EXEC_ONLY, 0), 0);
  EXPECT(zero_flag("w", SMALL_DATA, 0), 1);
  uint32_t selector = 0x10, zf;
  __asm__ volatile("arpl %w2, %w0; sete %b1" : "+r"(selector), "=q"(zf) : "r"(3) : "cc");
  EXPECT(selector, 0x13);
  EXPECT(zf & 1, 1);
}

static void far_pointers(void) {
  static struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) pointer = { 0x1234, SMALL_DATA };
  uint32_t offset, fs;
  __asm__ volatile("lfs %2, %0; movl %%fs, %1; movl %3, %%fs" : "=&r"(offset), "=&r"(fs) : "m"(pointer), "r"(KERNEL_DATA));
  EXPECT(offset, 0x1234);
  EXPECT(fs & 0xffff, SMALL_DATA);
  __asm__ volatile("lesl %2, %0; movl %%es, %1; movl %3, %%es" : "=&r"(offset), "=&r"(fs) : "m"(pointer), "r"(KERNEL_DATA));
  EXPECT(fs & 0xffff, SMALL_DATA);
}

/* Far call, far jump and far return in ring 0; a conforming segment runs at the caller's level. */
static void far_transfers(void) {
  uint32_t cs, there, depth;
  __asm__ volatile("movl %%esp, %2; lcall %3, $1f; jmp 3f; 1: movl %%cs, %0; ljmp %4, $2f; 2: movl %%cs, %1; lret; 3: subl %%esp, %2"
                   : "=&r"(cs), "=&r"(there), "=&r"(depth) : "i"(KERNEL_CODE), "i"(CONFORMING) : "memory", "cc");
  EXPECT(cs, KERNEL_CODE);
  EXPECT(there, CONFORMING);
  EXPECT(depth, 0);
  __asm__ volatile("pushl $77; pushl %1; pushl $1f; lret $4; 1: movl %%cs, %0" : "=r"(cs) : "i"(KERNEL_CODE) : "memory");
  EXPECT(cs, KERNEL_CODE);
}

void segment_checks(void) {
  static const struct check list[] = {
    { "segment-limits", limits }, { "expand-down", expand_down }, { "segment-rights", rights },     { "ldt", local_table },
    { "lar-lsl-verr-arpl", questions }, { "far-pointers", far_pointers }, { "far-transfers", far_transfers },
  };
  CHECKS_RUN(list);
}
