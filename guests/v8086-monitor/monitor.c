#include "common/finish.h"
#include "common/port.h"
#include "common/print.h"
#include "v8086-monitor/emulate.h"
#include "v8086-monitor/program.h"

enum { USER_END = 0x80, TSS_AVAILABLE = 0x89, INTERRUPT_GATE = 0x8e, DPL3 = 0x60 };

static uint64_t gdt[6], idt[256];
struct tss tss;
volatile uint32_t user_faults, user_fault_ip;
static uint32_t user_end_flags;

_Noreturn void leave_program(void);
void enter(const uint32_t *frame);

void interrupt(struct frame *frame, uint32_t vector) {
  switch (vector) {
    case END: leave_program();
    case MONITOR: {
      char text[2] = { (char)frame->dx, 0 };
      print("%s", text);
      return;
    }
    case ASK_TICK: make_tick(frame); return;
    default: reflect(frame, vector);
  }
}

static _Noreturn void unexpected(const struct frame *frame) {
  print("unexpected trap %u error %x at %x:%x flags %x\n", frame->vector, frame->error, frame->cs, frame->ip, frame->flags);
  fail(2);
}

void trap(struct frame *frame) {
  if (frame->flags & FLAG_VM) {
    if (frame->vector == GP && frame->error == 0 && emulate(frame)) return;
    if (frame->vector < 32) unexpected(frame);
    /* With IOPL 3 INT n comes by its gate. */
    counts.int_n++;
    interrupt(frame, frame->vector);
    serve_pending(frame);
    return;
  }
  if (!(frame->cs & 3)) unexpected(frame);
  if (frame->vector == USER_END) {
    user_end_flags = frame->flags;
    leave_program();
  }
  if (frame->vector != GP) unexpected(frame);
  /* Level 3, CLI or STI: one byte. The monitor of a virtual interrupt would serve it, and open interrupts. */
  user_faults++, user_fault_ip = frame->ip;
  frame->flags &= ~(uint32_t)FLAG_VIP;
  frame->ip++;
}

void monitor_init(void) {
  /* No interrupt of a device comes while a program has IF. */
  outb(0x21, 0xff);
  outb(0xa1, 0xff);
  flat_segments(gdt);
  gdt[TSS_SEGMENT / 8] = descriptor((uint32_t)&tss, sizeof tss - 1, TSS_AVAILABLE, 0);
  for (uint32_t n = 0; n < 256; n++) idt[n] = gate(KERNEL_CODE, (uint32_t)trap_stubs[n], INTERRUPT_GATE | (n < 32 ? 0 : DPL3));
  tss.ss0 = KERNEL_DATA;
  tss.io_map = __builtin_offsetof(struct tss, io);
  for (uint32_t n = 0; n < sizeof tss.io; n++) tss.io[n] = 0xff;
  tss.io[PERMITTED_PORT / 8] &= ~(1u << PERMITTED_PORT % 8);
  struct pseudo_descriptor gdtr = { sizeof gdt - 1, (uint32_t)gdt }, idtr = { sizeof idt - 1, (uint32_t)idt };
  load_tables(&gdtr, &idtr);
  __asm__ volatile("ltr %w0" : : "r"(TSS_SEGMENT));
}

uint16_t result(uint32_t offset) { return *(volatile uint16_t *)(SEGMENT * 16 + RESULTS + offset); }

void run_program(const struct setup *setup) {
  extern const uint8_t program[], program_end[];
  uint8_t *image = (uint8_t *)(SEGMENT * 16);
  for (uint32_t n = 0; n < 4096; n++) image[n] = n < (uint32_t)(program_end - program) ? program[n] : 0;
  /* With VME the program's own service needs no monitor. */
  for (uint32_t n = 0; n < sizeof tss.redirection; n++) tss.redirection[n] = 0xff;
  tss.redirection[SERVICE / 8] &= ~(1u << SERVICE % 8);
  write_cr4(setup->vme ? read_cr4() | CR4_VME : read_cr4() & ~(uint32_t)CR4_VME);
  emulation_start();
  uint32_t frame[9] = { 0, SEGMENT, FLAG_VM | setup->iopl << 12 | 2, STACK, SEGMENT, 0, 0, 0, 0 };
  enter(frame);
  write_cr4(read_cr4() & ~(uint32_t)CR4_VME);
}

uint32_t run_user(void (*fn)(void), uint32_t flags) {
  static uint32_t stack[256];
  user_faults = 0;
  uint32_t frame[5] = { (uint32_t)fn, USER_CODE, flags | 2, (uint32_t)(stack + 256), USER_DATA };
  enter(frame);
  return user_end_flags;
}
