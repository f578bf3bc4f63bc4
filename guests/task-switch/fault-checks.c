/* Faults before the switch belong to the old task, faults after it to the new one; error codes on the stack of a handler's task. */
#include "kernel/check.h"
#include "task-switch/tasks.h"

enum { INTERRUPT_GATE = 0x8e, TASK_GATE = 0x85 };

static volatile uint32_t runs;
static void count(void) { runs++; }

static void handler_is_task(uint32_t vector, int task) {
  idt[vector] = task ? gate(TASK_FAULT, 0, TASK_GATE) : gate(KERNEL_CODE, (uint32_t)trap_stubs[vector], INTERRUPT_GATE);
}

static void start(void (*fault)(void)) {
  tasks_reset();
  task_body = count;
  fault_body = fault;
  fault_error = ~0u;
  runs = 0;
  seen.vector = 0;
}

static void expect_refused(uint32_t vector, uint32_t error) {
  EXPECT(seen.vector, vector);
  EXPECT(seen.error, error);
  EXPECT(seen.task, MAIN);
  EXPECT(runs, 0);
  EXPECT(busy(TASK_B), 0);
}

static void refused(void) {
  start(0);
  PROVOKE("lcall $0x28, $0"); /* the running task */
  expect_refused(GP, MAIN);
  PROVOKE("ljmp $0x28, $0");
  expect_refused(GP, MAIN);
  PROVOKE("lcall $0x90, $0"); /* a TSS of 103 bytes */
  expect_refused(TS, SHORT_TASK);
  PROVOKE("lcall $0x98, $0"); /* absent */
  expect_refused(NP, ABSENT_TASK);
  PROVOKE("lcall $0x34, $0"); /* in the LDT */
  expect_refused(GP, TASK_B | 4);
}

/* IRET with NT set needs a busy task in the link. */
static void bad_link(void) {
  start(0);
  tss_main.link = TASK_B;
  PROVOKE("pushfl; orl $0x4000, (%%esp); popfl; iret");
  __asm__ volatile("pushfl; andl $~0x4000, (%%esp); popfl" : : : "memory", "cc");
  expect_refused(TS, TASK_B);
  EXPECT(seen.flags & FLAG_NT, FLAG_NT);
}

static volatile uint32_t handler_link, handler_eip, handler_flags, handler_task;

static void skip_instruction(void) {
  handler_task = current_task(), handler_link = tss_fault.link & 0xffff;
  handler_eip = tss_main.eip, handler_flags = tss_main.eflags;
  tss_main.eip = resume;
}

/* The handler is a task: the error code is on its stack, the faulting task is the one it is nested in. */
static void error_code(void) {
  start(skip_instruction);
  handler_is_task(GP, 1);
  PROVOKE("movl $0x7f8, %%eax; 2: movl %%eax, %%fs");
  handler_is_task(GP, 0);
  EXPECT(fault_error, OUTSIDE);
  EXPECT(handler_task, TASK_FAULT);
  EXPECT(handler_link, MAIN);
  EXPECT(handler_flags & FLAG_RF, FLAG_RF);
  EXPECT(*(const uint16_t *)handler_eip, 0xe08e); /* the MOV itself */
  EXPECT(busy(TASK_FAULT), 0);
}

static uint32_t good_esp;

static void repair_stack(void) {
  skip_instruction();
  tss_main.ss = KERNEL_DATA;
  tss_main.esp = good_esp;
}

/* No handler can run on this stack, but a task with one of its own. */
static void double_fault(void) {
  start(repair_stack);
  handler_is_task(DF, 1);
  __asm__ volatile("movl %%esp, %0" : "=m"(good_esp));
  PROVOKE("movl $0x88, %%eax; movl %%eax, %%ss; movl $8, %%esp; pushl %%eax; pushl %%eax; pushl %%eax");
  handler_is_task(DF, 0);
  EXPECT(fault_error, 0);
  EXPECT(handler_link, MAIN);
  uint32_t ss;
  __asm__ volatile("movl %%ss, %0" : "=r"(ss));
  EXPECT(ss & 0xffff, KERNEL_DATA);
}

static uint32_t *broken_field;
static uint32_t good_value;

static void repair_task(void) {
  handler_task = current_task(), handler_link = tss_fault.link & 0xffff;
  handler_eip = tss_b.eip;
  *broken_field = good_value;
}

struct broken {
  uint32_t *field;
  uint32_t value, good, vector, error;
};

/* What the new task cannot load is a fault at its first instruction; once mended, the task goes on. */
static void broken_tasks(void) {
  extern const char task_b_entry[];
  static const struct broken list[] = {
    { &tss_b.cs, 0, KERNEL_CODE, TS, 0 },
    { &tss_b.cs, KERNEL_DATA, KERNEL_CODE, TS, KERNEL_DATA },
    { &tss_b.cs, OUTSIDE, KERNEL_CODE, TS, OUTSIDE },
    { &tss_b.ss, 0, KERNEL_DATA, TS, 0 },
    { &tss_b.ss, KERNEL_CODE, KERNEL_DATA, TS, KERNEL_CODE },
    { &tss_b.ss, ABSENT_STACK, KERNEL_DATA, SS, ABSENT_STACK },
    { &tss_b.ds, ABSENT_DATA, KERNEL_DATA, NP, ABSENT_DATA },
    { &tss_b.es, OUTSIDE, KERNEL_DATA, TS, OUTSIDE },
    { &tss_b.ldt, KERNEL_DATA, 0, TS, KERNEL_DATA },
  };
  for (uint32_t n = 0; n < sizeof list / sizeof *list; n++) {
    const struct broken *b = &list[n];
    start(repair_task);
    broken_field = b->field, good_value = b->good;
    *b->field = b->value;
    handler_is_task(b->vector, 1);
    SWITCH_BY("lcall $0x30, $0");
    handler_is_task(b->vector, 0);
    EXPECT(fault_error, b->error);
    EXPECT(handler_task, TASK_FAULT);
    EXPECT(handler_link, TASK_B);
    EXPECT(handler_eip, (uint32_t)task_b_entry);
    EXPECT(runs, 1);
    EXPECT(current_task(), MAIN);
  }
}

void fault_checks(void) {
  static const struct check list[] = {
    { "refused", refused },           { "iret-bad-link", bad_link },     { "error-code", error_code },
    { "double-fault", double_fault }, { "broken-tasks", broken_tasks },
  };
  CHECKS_RUN(list);
}
