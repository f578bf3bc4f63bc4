/* What comes with a task: page tables, LDT, I/O permission bit map, debug trap. */
#include "kernel/check.h"
#include "task-switch/tasks.h"

enum { PG = 1u << 31, LARGE_PAGE = 0x83, MIB4 = 0x400000, WINDOW = 0x40000000 };

static uint32_t directory_main[1024] __attribute__((aligned(4096))), directory_b[1024] __attribute__((aligned(4096)));
static volatile uint32_t found, found_cr3, found_ldt;

static void look_through_window(void) {
  found = *(volatile uint32_t *)WINDOW;
  found_cr3 = read_cr3();
}

static void map(uint32_t *directory, uint32_t window_frame) {
  for (uint32_t n = 0; n < 4; n++) directory[n] = n * MIB4 | LARGE_PAGE;
  directory[WINDOW / MIB4] = window_frame | LARGE_PAGE;
}

/* The same linear address is another page in the other task. */
static void cr3(void) {
  map(directory_main, 2 * MIB4);
  map(directory_b, 3 * MIB4);
  *(volatile uint32_t *)(2 * MIB4) = 0xaaaa;
  *(volatile uint32_t *)(3 * MIB4) = 0xbbbb;
  tasks_reset();
  task_body = look_through_window;
  tss_main.cr3 = (uint32_t)directory_main;
  tss_b.cr3 = (uint32_t)directory_b;
  write_cr4(read_cr4() | CR4_PSE);
  write_cr3((uint32_t)directory_main);
  write_cr0(read_cr0() | PG);
  uint32_t before = *(volatile uint32_t *)WINDOW;
  SWITCH_BY("lcall $0x30, $0");
  uint32_t after = *(volatile uint32_t *)WINDOW;
  EXPECT(read_cr3(), directory_main);
  write_cr0(read_cr0() & ~PG);
  write_cr3(0);
  tss_main.cr3 = 0;
  EXPECT(before, 0xaaaa);
  EXPECT(found, 0xbbbb);
  EXPECT(found_cr3, directory_b);
  EXPECT(after, 0xaaaa);
}

static void look_at_ldt(void) {
  uint32_t ldtr = 0;
  __asm__ volatile("sldt %w0" : "+r"(ldtr));
  found_ldt = ldtr & 0xffff;
  __asm__ volatile("movl %%fs:0, %0" : "=r"(found));
}

static uint32_t marker = 0x4c4454;

/* FS of the task is in an LDT that the old task has not. */
static void local_table(void) {
  enum { LOCAL_DATA = 8 | 4 };
  ldt[1] = descriptor((uint32_t)&marker, 3, 0x92, 4);
  tasks_reset();
  task_body = look_at_ldt;
  tss_b.ldt = LDT;
  tss_b.fs = LOCAL_DATA;
  SWITCH_BY("lcall $0x30, $0");
  EXPECT(found_ldt, LDT);
  EXPECT(found, marker);
  uint32_t ldtr = 0;
  __asm__ volatile("sldt %w0" : "+r"(ldtr));
  EXPECT(ldtr & 0xffff, 0);
}

static void expect_port_refused(uint32_t offset, const struct tss32 *tss) {
  extern const char task_user_entry[];
  EXPECT(seen.vector, GP);
  EXPECT(seen.error, 0);
  EXPECT(seen.ip, (uint32_t)task_user_entry + offset);
  EXPECT(seen.count, 2); /* the refused port, and the end */
  EXPECT(tss->link & 0xffff, MAIN);
  EXPECT(current_task(), MAIN);
}

/* Two tasks of level 3 with the same code: each may use the port that the other may not. */
static void io_bitmap(void) {
  tasks_reset();
  seen.count = 0;
  SWITCH_BY("lcall $0x50, $0");
  expect_port_refused(2, &tss_user);
  EXPECT(seen.task, TASK_USER);
  seen.count = 0;
  SWITCH_BY("lcall $0x58, $0");
  expect_port_refused(0, &tss_user_2);
  EXPECT(seen.task, TASK_USER_2);
}

static void nothing(void) { }

/* T in the TSS: a debug exception before the task's first instruction, BT in DR6. */
static void debug_trap(void) {
  extern const char task_b_entry[];
  tasks_reset();
  task_body = nothing;
  tss_b.trap = 1;
  seen.vector = 0;
  write_dr6(0);
  SWITCH_BY("lcall $0x30, $0");
  EXPECT(seen.vector, DB);
  EXPECT(seen.ip, task_b_entry);
  EXPECT(seen.task, TASK_B);
  EXPECT(seen.flags & FLAG_RF, 0);
  EXPECT(read_dr6() & 0x8000, 0x8000);
}

void task_state_checks(void) {
  static const struct check list[] = {
    { "cr3", cr3 }, { "ldt", local_table }, { "io-bitmap", io_bitmap }, { "debug-trap", debug_trap },
  };
  CHECKS_RUN(list);
}
