/* Task-state segments and the descriptors that name them. */
#pragma once
#include <stdint.h>

#include "modes/trap.h"

/* Selectors of the GDT in tasks.c. */
enum {
  MAIN = 0x28, TASK_B = 0x30, TASK_C = 0x38, TASK_FAULT = 0x40, TASK_16 = 0x48, TASK_USER = 0x50, TASK_USER_2 = 0x58,
  GATE_B = 0x60, LDT = 0x68, CODE_16 = 0x70, STACK_16 = 0x78, ABSENT_DATA = 0x80, TINY_STACK = 0x88, SHORT_TASK = 0x90,
  ABSENT_TASK = 0x98, ABSENT_STACK = 0xa0, OUTSIDE = 0x7f8,
};
enum { TASK_VECTOR = 0x30, END_VECTOR = 0x31 };

#define IO_BYTES 32 /* ports 0 to 0xff */

struct tss32 {
  uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
  uint32_t es, cs, ss, ds, fs, gs, ldt;
  uint16_t trap, io_map;
  uint8_t io[IO_BYTES + 1];
} __attribute__((aligned(4)));

struct tss16 {
  uint16_t link, sp0, ss0, sp1, ss1, sp2, ss2, ip, flags, ax, cx, dx, bx, sp, bp, si, di, es, cs, ss, ds, ldt;
};

extern uint64_t gdt[24], idt[256], ldt[2];
extern struct tss32 tss_main, tss_b, tss_c, tss_fault, tss_user, tss_user_2;
extern struct tss16 tss_16;

void tables_init(void);
/* Every task but the main one as it is before its first run: not busy, at its entry, with a stack of its own. */
void tasks_reset(void);
/* Bit 1 of the type: the descriptor's busy bit. */
int busy(uint32_t selector);
uint32_t current_task(void);

/* What a task runs when it is switched to; then it returns to the task it is nested in. */
extern void (*volatile task_body)(void), (*volatile nested_body)(void), (*volatile fault_body)(void);
/* The error code that the fault's task found on its stack. */
extern volatile uint32_t fault_error;

/* The last trap through an interrupt gate. It resumes at `resume`, which must be set, or else the kernel ends. */
extern volatile struct seen { uint32_t vector, error, ip, flags, task, count; } seen;
extern volatile uint32_t resume;
#define PROVOKE(text) __asm__ volatile("movl $1f, resume; " text "; 1: movl $0, resume" : : : "memory", "cc", "eax", "ecx", "edx")
#define SWITCH_BY(text) __asm__ volatile(text : : : "memory", "cc")

void switch_checks(void);
void fault_checks(void);
void task_state_checks(void);
