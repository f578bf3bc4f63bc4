#include "kernel/interrupt-checks.h"

#include "kernel/check.h"
#include "kernel/timer.h"
#include "kernel/trap.h"

static volatile uintptr_t interrupted_ip;
static void note_ip(struct frame *frame) { interrupted_ip = frame->ip; }

static void until_requested(void) {
  while (!timer_requested()) { }
}

static void timer(void) {
  uint32_t before = timer_ticks;
  timer_unmask(1);
  __asm__ volatile("sti");
  while (timer_ticks - before < 3) { }
  __asm__ volatile("cli");
  timer_unmask(0);
}

static void halt(void) {
  uint32_t before = timer_ticks;
  timer_unmask(1);
  for (int n = 0; n < 3; n++) __asm__ volatile("sti; hlt; cli" : : : "memory");
  timer_unmask(0);
  EXPECT_TRUE(timer_ticks - before >= 3);
}

/* A masked line requests but does not interrupt; unmasked, the request that waited comes through. */
static void mask(void) {
  uint32_t before = timer_ticks;
  timer_unmask(0);
  until_requested();
  __asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
  EXPECT(timer_ticks, before);
  timer_unmask(1);
  __asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
  timer_unmask(0);
  EXPECT(timer_ticks, before + 1);
}

/* STI holds interrupts off until after the next instruction: with CLI there, none comes. SDM vol. 2, STI. */
static void sti_shadow(void) {
  extern const char after_shadow[];
  until_requested();
  uint32_t before = timer_ticks;
  irq_hook = note_ip;
  timer_unmask(1);
  __asm__ volatile("sti; cli; nop" : : : "memory");
  EXPECT(timer_ticks, before);
  __asm__ volatile("sti; nop; .globl after_shadow; after_shadow: nop; cli" : : : "memory");
  EXPECT(timer_ticks, before + 1);
  EXPECT(interrupted_ip, after_shadow);
  timer_unmask(0);
  irq_hook = 0;
}

/* POPF sets IF without a shadow: the interrupt comes before the next instruction. */
static void popf_no_shadow(void) {
  extern const char after_popf[];
  until_requested();
  uint32_t before = timer_ticks;
  irq_hook = note_ip;
  timer_unmask(1);
#ifdef __x86_64__
  __asm__ volatile("pushfq; orq $0x200, (%%rsp); popfq; .globl after_popf; after_popf: nop; cli" : : : "memory");
#else
  __asm__ volatile("pushfl; orl $0x200, (%%esp); popfl; .globl after_popf; after_popf: nop; cli" : : : "memory");
#endif
  EXPECT(timer_ticks, before + 1);
  EXPECT(interrupted_ip, after_popf);
  timer_unmask(0);
  irq_hook = 0;
}

static volatile uintptr_t steps[16];
static volatile uint32_t step_count;

static int step(struct frame *frame) {
  if (frame->vector != DB) return 0;
  if (step_count < 16) steps[step_count] = frame->ip;
  step_count++;
  return 1;
}

#ifdef __x86_64__
#define SET_TF "pushfq; orq $0x100, (%%rsp); popfq; "
#define CLEAR_TF "pushfq; andq $~0x100, (%%rsp); popfq; "
#else
#define SET_TF "pushfl; orl $0x100, (%%esp); popfl; "
#define CLEAR_TF "pushfl; andl $~0x100, (%%esp); popfl; "
#endif

static void expect_steps(const char *const *wanted, uint32_t count) {
  for (uint32_t n = 0; n < count; n++) EXPECT(steps[n], wanted[n]);
  EXPECT(step_count, count + 3); /* and PUSHF, AND and the POPF that clears TF */
}

/* TF traps after each instruction from the one that follows POPF on. */
static void single_step(void) {
  extern const char step1[], step2[];
  step_count = 0;
  trap_hook = step;
  __asm__ volatile(SET_TF "nop; step1: inc %%eax; step2: " CLEAR_TF ".globl step1, step2" : : : "eax", "memory", "cc");
  trap_hook = 0;
  expect_steps((const char *const[]){ step1, step2 }, 2);
  uintptr_t dr6;
  __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
  EXPECT(dr6 >> 14 & 1, 1); /* BS */
}

/* Each iteration of a repeated string instruction is a step; the last leads on to the next instruction. */
static void single_step_rep(void) {
  extern const char rep0[], rep1[];
  static uint8_t to[3];
  uintptr_t count = 3;
  uint8_t *destination = to;
  step_count = 0;
  trap_hook = step;
  __asm__ volatile(SET_TF "nop; rep0: rep stosb; rep1: " CLEAR_TF ".globl rep0, rep1"
                   : "+c"(count), "+D"(destination) : "a"(0) : "memory", "cc");
  trap_hook = 0;
  expect_steps((const char *const[]){ rep0, rep0, rep0, rep1 }, 4);
}

/* A load of SS holds the trap back for one instruction. SDM vol. 3, "Masking Exceptions and Interrupts When Switching Stacks". */
static void single_step_mov_ss(void) {
  extern const char ss1[], ss2[], ss4[];
  step_count = 0;
  trap_hook = step;
  __asm__ volatile(SET_TF "nop; ss1: mov %%ss, %%eax; ss2: mov %%eax, %%ss; nop; ss4: " CLEAR_TF ".globl ss1, ss2, ss4"
                   : : : "eax", "memory", "cc");
  trap_hook = 0;
  expect_steps((const char *const[]){ ss1, ss2, ss4 }, 3);
}

static void breakpoint_code(uintptr_t unused) {
  (void)unused;
  __asm__ volatile("int3; .globl after_int3; after_int3:");
}

static void breakpoint(void) {
  extern const char after_int3[];
  attempt(breakpoint_code, 0);
  EXPECT(seen.vector, BP);
  EXPECT(seen.error, 0);
  EXPECT(seen.ip, after_int3);
}

static int skip_ud2(struct frame *frame) {
  if (frame->vector != UD) return 0;
  frame->ip += 2;
  frame->ax = 0x1234;
  return 1;
}

/* IRET takes the frame as the handler left it. */
static void resume_elsewhere(void) {
  uintptr_t ax = 0;
  trap_hook = skip_ud2;
  __asm__ volatile("ud2" : "+a"(ax) : : "memory");
  trap_hook = 0;
  EXPECT(ax, 0x1234);
}

void interrupt_checks(void) {
  static const struct check list[] = {
    { "timer", timer },
    { "hlt-wakes", halt },
    { "pic-mask", mask },
    { "sti-shadow", sti_shadow },
    { "popf-no-shadow", popf_no_shadow },
    { "single-step", single_step },
    { "single-step-rep", single_step_rep },
    { "single-step-mov-ss", single_step_mov_ss },
    { "bp", breakpoint },
    { "iret-resumes-elsewhere", resume_elsewhere },
  };
  CHECKS_RUN(list);
}
