#include "task-switch/tasks.h"

#include "common/finish.h"
#include "common/print.h"

uint64_t gdt[24], idt[256], ldt[2] __attribute__((aligned(8)));
struct tss32 tss_main, tss_b, tss_c, tss_fault, tss_user, tss_user_2;
struct tss16 tss_16;
void (*volatile task_body)(void), (*volatile nested_body)(void), (*volatile fault_body)(void);
volatile struct seen seen;
volatile uint32_t resume;

static uint8_t stack_b[2048], stack_c[2048], stack_fault[2048], stack_16[256], stack_user[512], stack_user_0[2][1024];
extern const char task_b_entry[], task_c_entry[], task_fault_entry[], task_16_entry[], task_user_entry[];

enum { TSS_AVAILABLE = 0x89, TSS16_AVAILABLE = 0x81, DPL3 = 0x60, TASK_GATE = 0x85, INTERRUPT_GATE = 0x8e };

void trap(struct frame *frame) {
  if (frame->vector == END_VECTOR) { /* a level 3 task has ended: back to the task it is nested in */
    seen.count++;
    __asm__ volatile("pushfl; orl $0x4000, (%%esp); popfl; iret" : : : "memory");
  }
  seen.vector = frame->vector, seen.error = frame->error, seen.ip = frame->ip, seen.flags = frame->flags;
  seen.task = current_task();
  seen.count++;
  if (frame->vector == DB) return;
  if (frame->vector == GP && (frame->cs & 3)) { /* a port that is not permitted: over the two bytes of OUT */
    frame->ip += 2;
    return;
  }
  if (!resume) {
    print("unexpected trap %u error %x at %x in task %x\n", frame->vector, frame->error, frame->ip, seen.task);
    fail(2);
  }
  frame->ip = resume;
}

int busy(uint32_t selector) { return gdt[selector / 8] >> 41 & 1; }

uint32_t current_task(void) {
  uint32_t tr = 0;
  __asm__ volatile("str %w0" : "+r"(tr));
  return tr & 0xffff;
}

static void task_init(struct tss32 *tss, const void *entry, uint8_t *stack_end) {
  *tss = (struct tss32){
    .cr3 = read_cr3(), .eip = (uint32_t)entry, .eflags = 2, .esp = (uint32_t)stack_end, .es = KERNEL_DATA, .cs = KERNEL_CODE,
    .ss = KERNEL_DATA, .ds = KERNEL_DATA, .io_map = sizeof(struct tss32),
  };
}

/* Port 0x80 for one, 0x81 for the other. */
static void user_init(struct tss32 *tss, unsigned port, uint8_t *stack0_end) {
  task_init(tss, task_user_entry, stack_user + sizeof stack_user);
  tss->cs = USER_CODE, tss->ss = USER_DATA, tss->ds = tss->es = USER_DATA;
  tss->ss0 = KERNEL_DATA, tss->esp0 = (uint32_t)stack0_end;
  tss->io_map = __builtin_offsetof(struct tss32, io);
  for (unsigned n = 0; n <= IO_BYTES; n++) tss->io[n] = 0xff;
  tss->io[port / 8] &= ~(1u << port % 8);
}

void tasks_reset(void) {
  task_init(&tss_b, task_b_entry, stack_b + sizeof stack_b);
  task_init(&tss_c, task_c_entry, stack_c + sizeof stack_c);
  task_init(&tss_fault, task_fault_entry, stack_fault + sizeof stack_fault);
  user_init(&tss_user, 0x80, stack_user_0[0] + sizeof stack_user_0[0]);
  user_init(&tss_user_2, 0x81, stack_user_0[1] + sizeof stack_user_0[1]);
  tss_16 = (struct tss16){ .ip = 0, .flags = 2, .ax = 0xa16, .sp = sizeof stack_16, .es = KERNEL_DATA, .cs = CODE_16, .ss = STACK_16,
                           .ds = KERNEL_DATA };
  for (uint32_t selector = TASK_B; selector <= TASK_USER_2; selector += 8) gdt[selector / 8] &= ~(1ull << 41);
}

void tables_init(void) {
  enum { BYTES = 0, BIG = 4 };
  flat_segments(gdt);
  struct tss32 *const tasks[] = { &tss_main, &tss_b, &tss_c, &tss_fault };
  for (uint32_t n = 0; n < 4; n++) gdt[MAIN / 8 + n] = descriptor((uint32_t)tasks[n], sizeof(struct tss32) - 1, TSS_AVAILABLE, BYTES);
  gdt[TASK_16 / 8] = descriptor((uint32_t)&tss_16, sizeof tss_16 - 1, TSS16_AVAILABLE, BYTES);
  gdt[TASK_USER / 8] = descriptor((uint32_t)&tss_user, sizeof tss_user - 1, TSS_AVAILABLE, BYTES);
  gdt[TASK_USER_2 / 8] = descriptor((uint32_t)&tss_user_2, sizeof tss_user_2 - 1, TSS_AVAILABLE, BYTES);
  gdt[GATE_B / 8] = gate(TASK_B, 0, TASK_GATE);
  gdt[LDT / 8] = descriptor((uint32_t)ldt, sizeof ldt - 1, 0x82, BYTES);
  gdt[CODE_16 / 8] = descriptor((uint32_t)task_16_entry, 0xfff, 0x9a, BYTES);
  gdt[STACK_16 / 8] = descriptor((uint32_t)stack_16, sizeof stack_16 - 1, 0x92, BYTES);
  gdt[ABSENT_DATA / 8] = descriptor(0, 0xfffff, 0x12, 12);
  gdt[ABSENT_STACK / 8] = descriptor(0, 0xfffff, 0x12, 12);
  gdt[TINY_STACK / 8] = descriptor(0, 0xf, 0x92, BIG);
  gdt[SHORT_TASK / 8] = descriptor((uint32_t)&tss_b, 0x66, TSS_AVAILABLE, BYTES);
  gdt[ABSENT_TASK / 8] = descriptor((uint32_t)&tss_b, sizeof tss_b - 1, TSS_AVAILABLE & ~0x80, BYTES);
  for (uint32_t n = 0; n < 32; n++) idt[n] = gate(KERNEL_CODE, (uint32_t)trap_stubs[n], INTERRUPT_GATE);
  idt[TASK_VECTOR] = gate(TASK_B, 0, TASK_GATE);
  idt[END_VECTOR] = gate(KERNEL_CODE, (uint32_t)trap_stubs[END_VECTOR], INTERRUPT_GATE | DPL3);
  struct pseudo_descriptor gdtr = { sizeof gdt - 1, (uint32_t)gdt }, idtr = { sizeof idt - 1, (uint32_t)idt };
  load_tables(&gdtr, &idtr);
  tss_main.io_map = sizeof tss_main;
  __asm__ volatile("ltr %w0" : : "r"(MAIN));
  tasks_reset();
}
