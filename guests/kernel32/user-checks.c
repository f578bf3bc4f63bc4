/* Ring 3: the ways in and out, what it may not do, and what interrupts it. */
#include "common/port.h"
#include "kernel/check.h"
#include "kernel/timer.h"
#include "kernel32/machine.h"

#define USER_BODY(name, text) \
  __attribute__((naked, section(".user"))) static void name(uintptr_t arg) { (void)arg; __asm__(text); }
#define EXIT "int $0x80;"

__attribute__((section(".user.data"), aligned(4096))) static char user_stacks[4096] = { 1 };
__asm__(".globl user_stack_top; .set user_stack_top, user_stacks + 2048");
__attribute__((section(".user.data"))) static volatile uint32_t flag_a = 1, flag_b = 1;

static void expect_user_trap(uintptr_t vector, uintptr_t error) {
  EXPECT(seen.vector, vector);
  EXPECT(seen.error, error);
  EXPECT(seen.cs, USER_CODE);
  EXPECT(seen.ss, USER_DATA);
}

USER_BODY(exit_with_argument, "movl 4(%esp), %eax;" EXIT)

static void system_call(void) {
  attempt_user(exit_with_argument, 0xabcd);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0xabcd);
  EXPECT(seen.sp, user_stacks + 2048 - 8);
  EXPECT(seen.ip, (uintptr_t)exit_with_argument + 6);
  EXPECT(seen.flags & (FLAG_IF | FLAG_IOPL), 0);
}

/* The frame lies at the top of the stack that the TSS names. SDM vol. 3, "Stack Switching". */
static void stack_switch(void) {
  attempt_user(exit_with_argument, 0);
  EXPECT(seen.stack + sizeof(struct frame), tss[1]);
}

USER_BODY(read_segments, "movl %fs, %eax; movl %gs, %ecx; shll $16, %ecx; orl %ecx, %eax;" EXIT)

/* IRET to an outer ring empties segment registers that the outer ring may not hold. */
static void nulled_segments(void) {
  attempt_user(read_segments, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0);
}

USER_BODY(do_cli, "cli;" EXIT)
USER_BODY(do_sti, "sti;" EXIT)
USER_BODY(do_hlt, "hlt;" EXIT)
USER_BODY(do_in, "inb $0x21, %al;" EXIT)
USER_BODY(do_out, "outb %al, $0x21;" EXIT)
USER_BODY(do_mov_cr, "movl %cr0, %eax;" EXIT)
USER_BODY(do_mov_dr, "movl %dr7, %eax;" EXIT)
USER_BODY(do_lgdt, "lgdt (%esp);" EXIT)
USER_BODY(do_lidt, "lidt (%esp);" EXIT)
USER_BODY(do_lldt, "lldt %ax;" EXIT)
USER_BODY(do_ltr, "ltr %ax;" EXIT)
USER_BODY(do_lmsw, "lmsw %ax;" EXIT)
USER_BODY(do_clts, "clts;" EXIT)
USER_BODY(do_invlpg, "invlpg (%esp);" EXIT)
USER_BODY(do_wbinvd, "wbinvd;" EXIT)
USER_BODY(do_rdmsr, "rdmsr;" EXIT)
USER_BODY(do_wrmsr, "wrmsr;" EXIT)
USER_BODY(do_insb, "insb;" EXIT)

static void privileged(void) {
  static body *const list[] = {
    do_cli, do_sti, do_hlt, do_in, do_out, do_mov_cr, do_mov_dr, do_lgdt, do_lidt, do_lldt, do_ltr, do_lmsw, do_clts, do_invlpg,
    do_wbinvd, do_rdmsr, do_wrmsr, do_insb,
  };
  for (uint32_t n = 0; n < sizeof list / sizeof *list; n++) {
    attempt_user(list[n], 0);
    expect_user_trap(GP, 0);
    EXPECT(seen.ip, list[n]);
  }
}

static void io_privilege(void) {
  user_flags = 2 | FLAG_IOPL;
  attempt_user(do_in, 0);
  EXPECT(seen.vector, SYSCALL);
  attempt_user(do_cli, 0);
  EXPECT(seen.vector, SYSCALL);
  attempt_user(do_sti, 0);
  EXPECT(seen.vector, SYSCALL);
  EXPECT(seen.flags & FLAG_IF, FLAG_IF);
  user_flags = 2;
}

USER_BODY(out_80, "outb %al, $0x80;" EXIT)
USER_BODY(out_81, "outb %al, $0x81;" EXIT)
USER_BODY(out_80_wide, "outw %ax, $0x80;" EXIT)
USER_BODY(out_far, "movl $0xf000, %edx; outb %al, %dx;" EXIT)

static void io_bitmap(void) {
  attempt_user(out_80, 0);
  EXPECT(seen.vector, SYSCALL);
  attempt_user(out_81, 0);
  expect_user_trap(GP, 0);
  attempt_user(out_80_wide, 0);
  expect_user_trap(GP, 0);
  attempt_user(out_far, 0);
  expect_user_trap(GP, 0);
}

USER_BODY(pop_flags, "pushl $0x3ed7; popfl; pushfl; popl %eax;" EXIT)

/* POPF in ring 3 leaves IF and IOPL as they are and does not complain. */
static void user_popf(void) {
  attempt_user(pop_flags, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0xcd7);
}

USER_BODY(int_33, "int $0x33;" EXIT)
USER_BODY(int_3, "int3;" EXIT)
USER_BODY(load_kernel_data, "movl $0x10, %eax; movl %eax, %ds;" EXIT)
USER_BODY(jump_kernel, "ljmp $0x08, $0;" EXIT)

static void gates_and_segments(void) {
  attempt_user(int_33, 0);
  expect_user_trap(GP, 0x33 * 8 + 2);
  attempt_user(int_3, 0);
  expect_user_trap(BP, 0);
  attempt_user(load_kernel_data, 0);
  expect_user_trap(GP, KERNEL_DATA);
  attempt_user(jump_kernel, 0);
  expect_user_trap(GP, KERNEL_CODE);
}

USER_BODY(user_read, "movl 4(%esp), %eax; movl (%eax), %eax;" EXIT)
USER_BODY(user_write, "movl 4(%esp), %eax; movl $5, (%eax);" EXIT)
USER_BODY(user_call, "movl 4(%esp), %eax; call *%eax;" EXIT)

static void expect_user_fault(uint32_t linear, uint32_t error) {
  expect_user_trap(PF, error);
  EXPECT(seen.cr2, linear);
}

static void user_faults(void) {
  uint32_t at = WINDOW + 30 * PAGE, kernel = 0x100000;
  attempt_user(user_read, kernel);
  expect_user_fault(kernel, 5);
  attempt_user(user_write, kernel);
  expect_user_fault(kernel, 7);
  attempt_user(user_call, kernel);
  expect_user_fault(kernel, 5);
  window_set(at, 0);
  attempt_user(user_read, at);
  expect_user_fault(at, 4);
  attempt_user(user_write, at);
  expect_user_fault(at, 6);
  window_set(at, (uint32_t)test_frame(30) | PRESENT | USER_PAGE);
  attempt_user(user_read, at);
  EXPECT(seen.vector, SYSCALL);
  attempt_user(user_write, at);
  expect_user_fault(at, 7);
}

static int map_for_user(struct frame *frame) {
  if (frame->vector != PF) return 0;
  window_set(seen.cr2, (uint32_t)test_frame(31) | PRESENT | WRITABLE | USER_PAGE);
  return 1;
}

static void user_demand(void) {
  uint32_t at = WINDOW + 31 * PAGE;
  window_set(at, 0);
  trap_hook = map_for_user;
  attempt_user(user_write, at);
  trap_hook = 0;
  EXPECT(seen.vector, SYSCALL);
  EXPECT(*word_at(at), 5);
}

/* Two parameters go from the user's stack to the kernel's; far return drops them on both. */
__asm__(".text; .globl call_gate_entry; call_gate_entry: movl 8(%esp), %eax; shll $8, %eax; addl 12(%esp), %eax; movl %ss, %ecx; lret $8");
USER_BODY(use_call_gate, "movl %esp, %ebx; pushl $0x34; pushl $0x12; lcall $0x3b, $0; subl %esp, %ebx; shll $16, %ecx; orl %ecx, %eax;"
                         "shll $24, %ebx; orl %ebx, %eax;" EXIT)

static void call_gate(void) {
  attempt_user(use_call_gate, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, KERNEL_DATA << 16 | 0x1234);
}

static void wrmsr(uint32_t msr, uint32_t value) { __asm__ volatile("wrmsr" : : "c"(msr), "a"(value), "d"(0)); }

__asm__(".text; .globl sysenter_entry; sysenter_entry: movl %esp, %eax; movl %cs, %ebx; sysexit");
USER_BODY(use_sysenter, "movl %esp, %ecx; movl $1f, %edx; sysenter; 1: movl %cs, %ecx; shll $16, %ecx; shll $24, %ebx; orl %ebx, %ecx;"
                        "xorl %ecx, %eax;" EXIT)

static void sysenter(void) {
  extern const char sysenter_entry[];
  enum { SYSENTER_CS = 0x174, SYSENTER_ESP, SYSENTER_EIP };
  wrmsr(SYSENTER_CS, KERNEL_CODE);
  wrmsr(SYSENTER_ESP, 0x9abc);
  wrmsr(SYSENTER_EIP, (uint32_t)sysenter_entry);
  attempt_user(use_sysenter, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, KERNEL_CODE << 24 | USER_CODE << 16 | 0x9abc);
}

USER_BODY(misaligned, "movl 1(%esp), %eax;" EXIT)

static void alignment(void) {
  write_cr0(read_cr0() | CR0_AM);
  attempt_user(misaligned, 0);
  EXPECT(seen.vector, SYSCALL);
  user_flags = 2 | FLAG_AC;
  attempt_user(misaligned, 0);
  expect_user_trap(AC, 0);
  EXPECT(seen.ip, misaligned);
  user_flags = 2;
  write_cr0(read_cr0() & ~(uint32_t)CR0_AM);
}

USER_BODY(two_steps, "nop; nop;" EXIT)

static void user_step(void) {
  user_flags = 2 | FLAG_TF;
  attempt_user(two_steps, 0);
  user_flags = 2;
  expect_user_trap(DB, 0);
  EXPECT(seen.ip, (uintptr_t)two_steps + 1);
}

USER static void wait_for_a(uintptr_t arg) {
  while (!flag_a) { }
  __asm__ volatile(EXIT : : "a"(arg));
}

static volatile uintptr_t interrupted_cs;

static void raise_a(struct frame *frame) {
  interrupted_cs = frame->cs;
  flag_a = 1;
}

static void user_interrupted(void) {
  flag_a = 0;
  irq_hook = raise_a;
  timer_unmask(1);
  user_flags = 2 | FLAG_IF;
  attempt_user(wait_for_a, 7);
  user_flags = 2;
  timer_unmask(0);
  irq_hook = 0;
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 7);
  EXPECT(interrupted_cs, USER_CODE);
}

/* Two tasks, each of which spins until the other has run: only the timer can take the processor from them. */
USER_BODY(task_a, "movl $1, flag_a; 1: cmpl $0, flag_b; je 1b; movl $2, flag_a; movl $0xa, %eax;" EXIT)
USER_BODY(task_b, "movl $1, flag_b; 1: cmpl $2, flag_a; jne 1b; movl $0xb, %eax;" EXIT)
static struct frame other_task;

static void switch_task(struct frame *frame) {
  struct frame running = *frame;
  *frame = other_task;
  other_task = running;
}

static void preemption(void) {
  flag_a = flag_b = 0;
  other_task = (struct frame){
    .gs = 0, .fs = 0, .es = USER_DATA, .ds = USER_DATA, .ip = (uintptr_t)task_b, .cs = USER_CODE, .flags = 2 | FLAG_IF,
    .sp = (uintptr_t)user_stacks + 4096, .ss = USER_DATA,
  };
  irq_hook = switch_task;
  timer_unmask(1);
  user_flags = 2 | FLAG_IF;
  attempt_user(task_a, 0);
  user_flags = 2;
  timer_unmask(0);
  irq_hook = 0;
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0xa);
  EXPECT(flag_b, 1);
}

void user_checks(void) {
  static const struct check list[] = {
    { "user-syscall", system_call },       { "tss-stack-switch", stack_switch }, { "iret-nulls-segments", nulled_segments },
    { "user-privileged", privileged },     { "user-iopl", io_privilege },        { "user-io-bitmap", io_bitmap },
    { "user-popf", user_popf },            { "user-gates", gates_and_segments }, { "user-pf", user_faults },
    { "user-demand-paging", user_demand }, { "call-gate", call_gate },           { "sysenter-sysexit", sysenter },
    { "ac", alignment },                   { "user-single-step", user_step },    { "user-interrupted", user_interrupted },
    { "preemption", preemption },
  };
  CHECKS_RUN(list);
}
