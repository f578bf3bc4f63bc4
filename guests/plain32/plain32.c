/* A plain ELF32: no multiboot header, entered in 32-bit protected mode with flat segments, paging and interrupts off. */
#include <stdint.h>

#include "common/finish.h"
#include "common/print.h"

static char stack[4096] __attribute__((used));

__attribute__((naked)) void _start(void) {
  __asm__("movl $stack + 4096, %esp; call plain32");
}

static inline uint32_t flags(void) {
  uint32_t value;
  __asm__ volatile("pushfl; popl %0" : "=r"(value));
  return value;
}

static inline uint32_t cr0(void) {
  uint32_t value;
  __asm__ volatile("movl %%cr0, %0" : "=r"(value));
  return value;
}

static inline uint32_t limit_of(uint32_t selector) {
  uint32_t limit = 0;
  __asm__("lsll %1, %0" : "+r"(limit) : "r"(selector));
  return limit;
}

static void require(int holds, const char *what, unsigned code) {
  print("plain32: %s %s\n", what, holds ? "ok" : "WRONG");
  if (!holds) fail(code);
}

__attribute__((used)) _Noreturn void plain32(void) {
  uint32_t cs, ds, ss;
  __asm__("movl %%cs, %0; movl %%ds, %1; movl %%ss, %2" : "=r"(cs), "=r"(ds), "=r"(ss));
  print("plain32: hello\n");
  require((cr0() & 0x80000001) == 1, "protected mode, paging off", 1);
  require((flags() & 0x200) == 0, "interrupts off", 2);
  require((cs & 3) == 0, "ring 0", 3);
  require(limit_of(cs) == 0xffffffff && limit_of(ds) == 0xffffffff && limit_of(ss) == 0xffffffff, "flat segments", 4);
  print("plain32: done\n");
  finish();
}
