/* JMP, CALL, INT and IRET between tasks of 32 and 16 bits: links, busy bits, NT, and what is saved. */
#include "kernel/check.h"
#include "task-switch/tasks.h"

static volatile struct { uint32_t task, flags, link, main_busy, b_busy, runs, cr0; } in_task;

static void note(void) {
  in_task.task = current_task(), in_task.flags = read_flags(), in_task.link = tss_b.link & 0xffff, in_task.cr0 = read_cr0();
  in_task.main_busy = busy(MAIN), in_task.b_busy = busy(TASK_B);
  in_task.runs++;
}

static void start(void (*body)(void)) {
  tasks_reset();
  task_body = body;
  in_task.runs = 0;
  __asm__ volatile("clts");
}

static void ltr(void) {
  EXPECT(current_task(), MAIN);
  EXPECT(busy(MAIN), 1);
  PROVOKE("movl $0x28, %%eax; ltr %%ax");
  EXPECT(seen.vector, GP);
  EXPECT(seen.error, MAIN);
}

static void back_by_jump(void) {
  note();
  SWITCH_BY("ljmp $0x28, $0");
}

/* JMP: the old task is no longer busy, nothing is linked. */
static void jump(void) {
  start(back_by_jump);
  tss_b.link = 0x1234;
  SWITCH_BY("ljmp $0x30, $0");
  EXPECT(in_task.task, TASK_B);
  EXPECT(in_task.main_busy, 0);
  EXPECT(in_task.b_busy, 1);
  EXPECT(in_task.flags & FLAG_NT, 0);
  EXPECT(in_task.link, 0x1234);
  EXPECT(in_task.cr0 & CR0_TS, CR0_TS);
  EXPECT(current_task(), MAIN);
  EXPECT(busy(MAIN), 1);
  EXPECT(busy(TASK_B), 0);
}

static void expect_nested(void) {
  EXPECT(in_task.runs, 1);
  EXPECT(in_task.task, TASK_B);
  EXPECT(in_task.main_busy, 1);
  EXPECT(in_task.b_busy, 1);
  EXPECT(in_task.flags & FLAG_NT, FLAG_NT);
  EXPECT(in_task.link, MAIN);
  EXPECT(current_task(), MAIN);
  EXPECT(read_flags() & FLAG_NT, 0);
  EXPECT(busy(TASK_B), 0);
  EXPECT(tss_b.eflags & FLAG_NT, 0);
}

static void call(void) {
  start(note);
  SWITCH_BY("lcall $0x30, $0");
  expect_nested();
}

/* The second call goes on after the IRET of the first. */
static void call_again(void) {
  start(note);
  SWITCH_BY("lcall $0x30, $0; lcall $0x30, $0");
  EXPECT(in_task.runs, 2);
}

static void call_gate(void) {
  start(note);
  SWITCH_BY("lcall $0x60, $0");
  expect_nested();
}

static void jump_gate(void) {
  start(back_by_jump);
  SWITCH_BY("ljmp $0x60, $0");
  EXPECT(in_task.task, TASK_B);
  EXPECT(in_task.flags & FLAG_NT, 0);
}

static void interrupt_gate(void) {
  start(note);
  SWITCH_BY("int $0x30");
  expect_nested();
}

/* What the old task finds again. */
static void registers(void) {
  start(note);
  uint32_t a = 0x11111111, b = 0x22222222, c = 0x33333333, d = 0x44444444, before, after;
  __asm__ volatile("movl %%esp, %4; lcall $0x30, $0; movl %%esp, %5"
                   : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "=&S"(before), "=&D"(after) : : "memory");
  EXPECT(a, 0x11111111);
  EXPECT(b, 0x22222222);
  EXPECT(c, 0x33333333);
  EXPECT(d, 0x44444444);
  EXPECT(before, after);
  EXPECT(tss_main.eax, 0x11111111);
  EXPECT(tss_main.esp, before);
  EXPECT(tss_main.cs, KERNEL_CODE);
  EXPECT(tss_main.ds & 0xffff, KERNEL_DATA);
}

static volatile uint32_t depth_task, depth_link, depth_busy;

static void innermost(void) {
  depth_task = current_task(), depth_link = tss_c.link & 0xffff;
  depth_busy = busy(MAIN) + busy(TASK_B) + busy(TASK_C);
  /* A busy task cannot be called. */
  PROVOKE("lcall $0x28, $0");
}

static void call_innermost(void) {
  SWITCH_BY("lcall $0x38, $0");
  note();
}

static void nested(void) {
  start(call_innermost);
  nested_body = innermost;
  SWITCH_BY("lcall $0x30, $0");
  EXPECT(depth_task, TASK_C);
  EXPECT(depth_link, TASK_B);
  EXPECT(depth_busy, 3);
  EXPECT(seen.vector, GP);
  EXPECT(seen.error, MAIN);
  EXPECT(seen.task, TASK_C);
  expect_nested();
  EXPECT(busy(TASK_C), 0);
}

extern volatile struct { uint16_t ax, sp, fs, gs, flags, task; } task_16_seen;

/* A 16-bit TSS keeps words; FS and GS are null in its task. */
static void sixteen(void) {
  start(note);
  __asm__ volatile("movl %0, %%fs; movl %0, %%gs" : : "r"(KERNEL_DATA));
  SWITCH_BY("lcall $0x48, $0");
  EXPECT(task_16_seen.ax, 0xa16);
  EXPECT(task_16_seen.sp, 256);
  EXPECT(task_16_seen.fs | task_16_seen.gs, 0);
  EXPECT(task_16_seen.flags & FLAG_NT, FLAG_NT);
  EXPECT(task_16_seen.task, TASK_16);
  EXPECT(tss_16.link, MAIN);
  EXPECT(tss_16.ax, 0x1616);
  EXPECT(tss_16.flags & FLAG_NT, 0);
  EXPECT(busy(TASK_16), 0);
  uint32_t fs;
  __asm__ volatile("movl %%fs, %0" : "=r"(fs));
  EXPECT(fs & 0xffff, KERNEL_DATA);
}

void switch_checks(void) {
  static const struct check list[] = {
    { "ltr-busy", ltr },           { "jmp-tss", jump },          { "call-tss", call },   { "call-again", call_again },
    { "call-task-gate", call_gate }, { "jmp-task-gate", jump_gate }, { "int-task-gate", interrupt_gate },
    { "registers", registers },    { "nested", nested },         { "tss-16", sixteen },
  };
  CHECKS_RUN(list);
}
