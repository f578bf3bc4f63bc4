/* Exceptions and interrupts: what was seen, and how a check survives what it provokes. Shared by both kernels. */
#pragma once
#include <stdint.h>

enum vector {
  DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, DF = 8, TS = 10, NP = 11, SS = 12, GP = 13, PF = 14, AC = 17,
  IRQ_BASE = 0x20, SYSCALL = 0x80, NO_TRAP = 0xffff,
};

enum { FLAG_CF = 1, FLAG_PF = 4, FLAG_AF = 16, FLAG_ZF = 64, FLAG_SF = 128, FLAG_TF = 0x100, FLAG_IF = 0x200, FLAG_DF = 0x400,
       FLAG_OF = 0x800, FLAG_IOPL = 0x3000, FLAG_AC = 0x40000, FLAG_ID = 0x200000,
       FLAG_STATUS = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF };

/* The stack as the stubs in traps.S leave it. In 32-bit code sp and ss are there only if the trap came from ring 3. */
struct frame {
#ifdef __x86_64__
  uintptr_t r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, bx, dx, cx, ax;
#else
  uintptr_t gs, fs, es, ds, di, si, bp, unused, bx, dx, cx, ax;
#endif
  uintptr_t vector, error, ip, cs, flags, sp, ss;
};

/* The last trap that was no hardware interrupt. `stack` is where its frame lay. */
struct seen {
  uintptr_t vector, error, ip, cs, flags, sp, ss, ax, cr2, stack;
};
extern struct seen seen;

/* While set, gets every trap first; returns 1 to resume at the (possibly changed) frame. */
extern int (*volatile trap_hook)(struct frame *frame);
/* While set, told of each timer interrupt after it was acknowledged. */
extern void (*volatile irq_hook)(struct frame *frame);

/*
 * Calls fn(arg) in ring 0. A trap in it ends the call, is described in `seen`, and everything is as before the call, flags
 * included. Without a trap seen.vector is NO_TRAP.
 */
typedef void body(uintptr_t arg);
void attempt(body *fn, uintptr_t arg);
/* The same in ring 3, on the user stack, with `user_flags`; the function ends by INT 0x80 or by some other trap. */
void attempt_user(body *fn, uintptr_t arg);
extern uintptr_t user_flags;

/* One 16-byte stub for each vector. */
extern const char trap_stubs[256][16];

/* Gates, by the kernel at hand: DPL 3 for user, 0 otherwise; `ist` is 64-bit only; present or not. */
void gate_set(unsigned vector, const void *handler, unsigned dpl, unsigned ist);
void gate_present(unsigned vector, int present);
