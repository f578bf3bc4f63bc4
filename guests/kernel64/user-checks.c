/* Ring 3: the ways in and out, what it may not do, and what interrupts it. */
#include "kernel/check.h"
#include "kernel/timer.h"
#include "kernel64/machine.h"

#define USER_BODY(name, text) \
  __attribute__((naked, section(".user"))) static void name(uintptr_t arg) { (void)arg; __asm__(text); }
#define EXIT "int $0x80;"

__attribute__((section(".user.data"))) char user_stacks[4096] = { 1 };
__asm__(".globl user_stack_top; .set user_stack_top, user_stacks + 2048");
__attribute__((section(".user.data"))) volatile uint32_t flag_a = 1, flag_b = 1;

extern const char syscall_entry[];
extern uint64_t per_cpu[3], return_compatible;

static void expect_user_trap(uintptr_t vector, uintptr_t error) {
  EXPECT(seen.vector, vector);
  EXPECT(seen.error, error);
  EXPECT(seen.cs, USER_CODE);
  EXPECT(seen.ss, USER_DATA);
}

USER_BODY(exit_with_argument, "movq %rdi, %rax;" EXIT)

static void interrupt_call(void) {
  attempt_user(exit_with_argument, 0xabcdef0123456789);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0xabcdef0123456789);
  EXPECT(seen.sp, user_stacks + 2048);
  EXPECT(seen.ip, (uintptr_t)exit_with_argument + 5);
  EXPECT(seen.flags & (FLAG_IF | FLAG_IOPL), 0);
}

static void stack_switch(void) {
  attempt_user(exit_with_argument, 0);
  EXPECT(seen.stack + sizeof(struct frame), tss.rsp0 & ~15ull);
}

static volatile uint64_t called_first, called_second, flags_there, ip_there, flags_here, marker;

/* From traps.S, on the kernel's stack, with the kernel's GS. */
uint64_t system_call(uint64_t first, uint64_t second, uint64_t here, uint64_t there, uint64_t ip) {
  called_first = first, called_second = second, flags_here = here, flags_there = there, ip_there = ip;
  uint64_t m;
  __asm__ volatile("movq %%gs:16, %0" : "=r"(m));
  marker = m;
  return first + second;
}

USER_BODY(use_syscall, "movl $2, %esi; std; stc; syscall; .globl after_syscall; after_syscall: jnc 1f; pushfq; popq %rdx; "
                       "btq $10, %rdx; jnc 1f;cmpq $after_syscall, %rcx; jne 1f; cld;" EXIT "1: ud2")

static void syscall_setup(void) {
  wrmsr(STAR, (uint64_t)USER_CODE32 << 48 | (uint64_t)KERNEL_CODE << 32);
  wrmsr(LSTAR, (uint64_t)syscall_entry);
  wrmsr(FMASK, FLAG_DF | FLAG_IF | FLAG_TF | FLAG_AC);
  wrmsr(KERNEL_GS_BASE, 0x1111222233330000 >> 20);
  wrmsr(GS_BASE, (uint64_t)per_cpu);
}

/* RCX takes RIP, R11 RFLAGS; FMASK clears flags on the way in; SYSRET brings all back. */
static void syscall_sysret(void) {
  extern const char after_syscall[];
  syscall_setup();
  attempt_user(use_syscall, 40);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 42);
  EXPECT(called_first, 40);
  EXPECT(ip_there, after_syscall);
  EXPECT(flags_there & (FLAG_DF | FLAG_CF), FLAG_DF | FLAG_CF);
  EXPECT(flags_here & (FLAG_DF | FLAG_CF), FLAG_CF);
}

static void swapgs(void) {
  syscall_setup();
  attempt_user(use_syscall, 1);
  EXPECT(marker, 0x5ca1ab1e);
  EXPECT(rdmsr(GS_BASE), per_cpu);
  EXPECT(rdmsr(KERNEL_GS_BASE), 0x1111222233330000 >> 20);
}

static void syscall_disabled(void) {
  wrmsr(EFER, rdmsr(EFER) & ~(uint64_t)EFER_SCE);
  attempt_user(use_syscall, 1);
  wrmsr(EFER, rdmsr(EFER) | EFER_SCE);
  expect_user_trap(UD, 0);
}

USER_BODY(read_fs, "movq %fs:8, %rax; movq %fs, %rcx; addq %rcx, %rax;" EXIT)

/* A base of 64 bits, while the selector is null. */
static void fs_base(void) {
  *(volatile uint64_t *)(user_stacks + 8) = 0x7a7a;
  wrmsr(FS_BASE, (uint64_t)user_stacks);
  attempt_user(read_fs, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0x7a7a);
  wrmsr(FS_BASE, 0);
}

USER_BODY(do_cli, "cli;" EXIT)
USER_BODY(do_sti, "sti;" EXIT)
USER_BODY(do_hlt, "hlt;" EXIT)
USER_BODY(do_in, "inb $0x21, %al;" EXIT)
USER_BODY(do_out, "outb %al, $0x80;" EXIT)
USER_BODY(do_mov_cr, "movq %cr3, %rax;" EXIT)
USER_BODY(do_mov_cr8, "movq %cr8, %rax;" EXIT)
USER_BODY(do_mov_dr, "movq %dr7, %rax;" EXIT)
USER_BODY(do_lgdt, "lgdt (%rsp);" EXIT)
USER_BODY(do_lidt, "lidt (%rsp);" EXIT)
USER_BODY(do_ltr, "ltr %ax;" EXIT)
USER_BODY(do_lmsw, "lmsw %ax;" EXIT)
USER_BODY(do_clts, "clts;" EXIT)
USER_BODY(do_invlpg, "invlpg (%rsp);" EXIT)
USER_BODY(do_wbinvd, "wbinvd;" EXIT)
USER_BODY(do_rdmsr, "rdmsr;" EXIT)
USER_BODY(do_wrmsr, "wrmsr;" EXIT)
USER_BODY(do_swapgs, "swapgs;" EXIT)
USER_BODY(do_sysret, "sysretq;" EXIT)

static void privileged(void) {
  static body *const list[] = {
    do_cli, do_sti, do_hlt, do_in, do_out, do_mov_cr, do_mov_cr8, do_mov_dr, do_lgdt, do_lidt, do_ltr, do_lmsw, do_clts, do_invlpg,
    do_wbinvd, do_rdmsr, do_wrmsr, do_swapgs, do_sysret,
  };
  for (uint32_t n = 0; n < sizeof list / sizeof *list; n++) {
    attempt_user(list[n], 0);
    expect_user_trap(GP, 0);
    EXPECT(seen.ip, list[n]);
  }
}

USER_BODY(pop_flags, "pushq $0x3ed7; popfq; pushfq; popq %rax;" EXIT)
USER_BODY(int_33, "int $0x33;" EXIT)
USER_BODY(load_kernel_data, "movl $0x10, %eax; movl %eax, %ds;" EXIT)

static void flags_gates_segments(void) {
  attempt_user(pop_flags, 0);
  expect_user_trap(SYSCALL, 0);
  EXPECT(seen.ax, 0xcd7);
  attempt_user(int_33, 0);
  expect_user_trap(GP, 0x33 * 8 + 2);
  attempt_user(load_kernel_data, 0);
  expect_user_trap(GP, KERNEL_DATA);
}

USER_BODY(user_read, "movq (%rdi), %rax;" EXIT)
USER_BODY(user_write, "movq $5, (%rdi);" EXIT)
USER_BODY(user_call, "call *%rdi;" EXIT)

static void expect_user_fault(uint64_t linear, uint64_t error) {
  expect_user_trap(PF, error);
  EXPECT(seen.cr2, linear);
}

static void user_faults(void) {
  uint64_t at = WINDOW + 30 * PAGE, kernel = (uint64_t)text_start;
  attempt_user(user_read, kernel);
  expect_user_fault(kernel, 5);
  attempt_user(user_write, kernel);
  expect_user_fault(kernel, 7);
  attempt_user(user_call, kernel);
  expect_user_fault(kernel, 0x15);
  window_set(at, 0);
  attempt_user(user_read, at);
  expect_user_fault(at, 4);
  attempt_user(user_write, at);
  expect_user_fault(at, 6);
  attempt_user(user_call, at);
  expect_user_fault(at, 0x14);
  window_set(at, frame_address(30) | PRESENT | USER_PAGE | NO_EXECUTE);
  attempt_user(user_read, at);
  EXPECT(seen.vector, SYSCALL);
  attempt_user(user_write, at);
  expect_user_fault(at, 7);
  attempt_user(user_call, at);
  expect_user_fault(at, 0x15);
  window_pdpt[0] &= ~(uint64_t)USER_PAGE; /* every level must permit */
  write_cr3(read_cr3());
  attempt_user(user_read, at);
  expect_user_fault(at, 5);
  window_pdpt[0] |= USER_PAGE;
  write_cr3(read_cr3());
}

static int map_for_user(struct frame *frame) {
  if (frame->vector != PF) return 0;
  window_set(seen.cr2, frame_address(31) | PRESENT | WRITABLE | USER_PAGE);
  return 1;
}

static void user_demand(void) {
  uint64_t at = WINDOW + 31 * PAGE;
  window_set(at, 0);
  trap_hook = map_for_user;
  attempt_user(user_write, at);
  trap_hook = 0;
  EXPECT(seen.vector, SYSCALL);
  EXPECT(*word_at(at), 5);
}

/* Ring 3 in 32-bit code: INC is one byte again, PUSH four, and the interrupt brings the kernel back to 64 bits. */
USER_BODY(compatible, ".code32; movl $0xfffffffe, %eax; incl %eax; movl %esp, %ecx; pushl %eax; subl %esp, %ecx; popl %edx;"
                      "addl %ecx, %eax;pushal; popal; int $0x80; .code64")

static void compatibility(void) {
  user_cs = USER_CODE32;
  attempt_user(compatible, 0);
  user_cs = USER_CODE;
  EXPECT(seen.vector, SYSCALL);
  EXPECT(seen.cs, USER_CODE32);
  EXPECT(seen.ss, USER_DATA);
  EXPECT(seen.ax, 3);
  EXPECT(seen.sp, user_stacks + 2048);
}

USER_BODY(syscall_to_32, "movl $2, %esi; syscall; .code32; movl %cs, %ecx; shll $8, %ecx; addl %ecx, %eax; int $0x80; .code64")

/* SYSRET without REX.W returns to 32-bit code. */
static void sysret_compatible(void) {
  syscall_setup();
  *(volatile uint32_t *)&return_compatible = 1;
  attempt_user(syscall_to_32, 3);
  *(volatile uint32_t *)&return_compatible = 0;
  EXPECT(seen.vector, SYSCALL);
  EXPECT(seen.cs, USER_CODE32);
  EXPECT(seen.ax, USER_CODE32 << 8 | 5);
}

USER_BODY(two_steps, "nop; nop;" EXIT)

static void user_step(void) {
  user_flags = 2 | FLAG_TF;
  attempt_user(two_steps, 0);
  user_flags = 2;
  expect_user_trap(DB, 0);
  EXPECT(seen.ip, (uintptr_t)two_steps + 1);
}

USER_BODY(wait_for_a, "1: cmpl $0, flag_a; je 1b; movq %rdi, %rax;" EXIT)
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
    .ip = (uintptr_t)task_b, .cs = USER_CODE, .flags = 2 | FLAG_IF, .sp = (uintptr_t)user_stacks + 4096, .ss = USER_DATA,
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
    { "user-int80", interrupt_call }, { "tss-rsp0", stack_switch }, { "syscall-sysret", syscall_sysret }, { "swapgs", swapgs },
    { "syscall-disabled", syscall_disabled }, { "fs-base", fs_base }, { "user-privileged", privileged },
    { "user-flags-gates-segments", flags_gates_segments }, { "user-pf", user_faults }, { "user-demand-paging", user_demand },
    { "compatibility-mode", compatibility }, { "sysret-compatible", sysret_compatible }, { "user-single-step", user_step },
    { "user-interrupted", user_interrupted }, { "preemption", preemption },
  };
  CHECKS_RUN(list);
}
