#include "kernel/trap.h"

#include "common/finish.h"
#include "common/print.h"
#include "kernel/timer.h"

struct seen seen;
int (*volatile trap_hook)(struct frame *frame);
void (*volatile irq_hook)(struct frame *frame);
uintptr_t user_flags = 2;

extern uintptr_t escape_sp;
_Noreturn void escape(void);
void attempt_ring0(body *fn, uintptr_t arg);
void attempt_ring3(body *fn, uintptr_t arg);

void attempt(body *fn, uintptr_t arg) {
  seen = (struct seen){ .vector = NO_TRAP };
  attempt_ring0(fn, arg);
}

void attempt_user(body *fn, uintptr_t arg) {
  seen = (struct seen){ .vector = NO_TRAP };
  attempt_ring3(fn, arg);
}

static void describe(const struct frame *frame) {
  seen.vector = frame->vector, seen.error = frame->error, seen.ip = frame->ip, seen.cs = frame->cs, seen.flags = frame->flags;
  seen.ax = frame->ax, seen.stack = (uintptr_t)frame;
#ifdef __x86_64__
  seen.sp = frame->sp, seen.ss = frame->ss;
#else
  int outer = frame->cs & 3;
  seen.sp = outer ? frame->sp : 0, seen.ss = outer ? frame->ss : 0;
#endif
  __asm__ volatile("mov %%cr2, %0" : "=r"(seen.cr2));
}

/* Called from traps.S with every register saved. */
void trap(struct frame *frame) {
  if (frame->vector >= IRQ_BASE && frame->vector < IRQ_BASE + 16) {
    timer_interrupt();
    if (irq_hook) irq_hook(frame);
    return;
  }
  describe(frame);
  if (trap_hook && trap_hook(frame)) return;
  if (escape_sp) escape();
  print("unexpected trap %u error %p at %p cr2 %p\n", (uint32_t)frame->vector, frame->error, frame->ip, seen.cr2);
  fail(2);
}
