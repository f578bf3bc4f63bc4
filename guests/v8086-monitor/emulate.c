/* #GP in virtual-8086 mode: the instruction is looked at and done in the program's stead. */
#include "v8086-monitor/emulate.h"

#include "common/port.h"
#include "v8086-monitor/program.h"

struct counts counts;
uint32_t played_out;

static uint32_t virtual_if; /* where there is no VIF */
static int tick_pending;

static uint8_t *at(uint32_t segment, uint32_t offset) { return (uint8_t *)((segment & 0xffff) * 16 + (offset & 0xffff)); }
static uint16_t word_at(uint32_t segment, uint32_t offset) { return *(uint16_t *)at(segment, offset); }

static void push(struct frame *frame, uint32_t value) {
  frame->sp = (frame->sp & 0xffff0000) | ((frame->sp - 2) & 0xffff);
  *(uint16_t *)at(frame->ss, frame->sp) = value;
}

static uint16_t pop(struct frame *frame) {
  uint16_t value = word_at(frame->ss, frame->sp);
  frame->sp = (frame->sp & 0xffff0000) | ((frame->sp + 2) & 0xffff);
  return value;
}

/* The program's IF: real with IOPL 3, VIF with VME, or the monitor's own. */
static int interrupts_open(const struct frame *frame) {
  if ((frame->flags & FLAG_IOPL) == FLAG_IOPL) return (frame->flags & FLAG_IF) != 0;
  if (read_cr4() & CR4_VME) return (frame->flags & FLAG_VIF) != 0;
  return virtual_if != 0;
}

static void set_interrupts(struct frame *frame, int open) {
  uint32_t bit = (frame->flags & FLAG_IOPL) == FLAG_IOPL ? FLAG_IF : FLAG_VIF;
  virtual_if = open;
  if (bit == FLAG_VIF && !(read_cr4() & CR4_VME)) return;
  frame->flags = open ? frame->flags | bit : frame->flags & ~bit;
}

static uint32_t flags_image(const struct frame *frame) {
  return (frame->flags & 0xffff & ~FLAG_IF) | FLAG_IOPL | (interrupts_open(frame) ? FLAG_IF : 0);
}

static void load_flags(struct frame *frame, uint32_t image) {
  enum { TAKEN = 0x4dd5 }; /* status flags, TF, DF and NT */
  frame->flags = (frame->flags & ~TAKEN) | (image & TAKEN);
  set_interrupts(frame, (image & FLAG_IF) != 0);
}

/* As an 8086 would: FLAGS, CS and IP on the program's stack, on to where its vector table says. */
void reflect(struct frame *frame, uint32_t vector) {
  counts.reflected++;
  push(frame, flags_image(frame));
  push(frame, frame->cs);
  push(frame, frame->ip);
  frame->ip = word_at(0, 4 * vector);
  frame->cs = word_at(0, 4 * vector + 2);
  frame->flags &= ~(uint32_t)FLAG_TF;
  set_interrupts(frame, 0);
}

/* A timer interrupt now, or once interrupts are open; with VME, VIP tells the processor that one waits. */
void make_tick(struct frame *frame) {
  tick_pending = 1;
  serve_pending(frame);
}

void serve_pending(struct frame *frame) {
  int vme = (read_cr4() & CR4_VME) && (frame->flags & FLAG_IOPL) != FLAG_IOPL;
  if (tick_pending && interrupts_open(frame)) {
    tick_pending = 0;
    reflect(frame, TIMER);
  }
  if (vme) frame->flags = tick_pending ? frame->flags | FLAG_VIP : frame->flags & ~FLAG_VIP;
}

void emulation_start(void) {
  counts = (struct counts){ 0 };
  virtual_if = 0;
  tick_pending = 0;
  played_out = 0;
}

static uint32_t played_in(int wide) { return wide ? 0xa55a : (played_out ^ 0xff) & 0xff; }

static void port_out(uint32_t port, uint32_t value) {
  counts.out++;
  if (port == PLAYED_PORT) played_out = value & 0xff;
}

/* VIP was set and the program opened interrupts: nothing of the instruction has happened but that it would have. */
static int pending_came_first(struct frame *frame) {
  if (!(frame->flags & FLAG_VIP) || !tick_pending) return 0;
  counts.pending++;
  return 1;
}

int emulate(struct frame *frame) {
  const uint8_t *code = at(frame->cs, frame->ip);
  uint32_t length = 1;
  if (code[0] == 0xfb && pending_came_first(frame)) {
    frame->ip++;
    set_interrupts(frame, 1);
    serve_pending(frame);
    return 1;
  }
  switch (code[0]) {
    case 0xfa: counts.cli++; set_interrupts(frame, 0); break;
    case 0xfb: counts.sti++; set_interrupts(frame, 1); break;
    case 0x9c: counts.pushf++; push(frame, flags_image(frame)); break;
    case 0x9d: counts.popf++; load_flags(frame, pop(frame)); break;
    case 0xcf: {
      counts.iret++;
      uint32_t ip = pop(frame), cs = pop(frame), flags = pop(frame);
      frame->ip = ip, frame->cs = cs;
      load_flags(frame, flags);
      serve_pending(frame);
      return 1;
    }
    case 0xcd:
      counts.int_n++;
      frame->ip += 2;
      interrupt(frame, code[1]);
      serve_pending(frame);
      return 1;
    case 0xe4: counts.in++; frame->ax = (frame->ax & ~0xffu) | played_in(0); length = 2; break;
    case 0xed: counts.in++; frame->ax = (frame->ax & ~0xffffu) | played_in(1); break;
    case 0xe6: port_out(code[1], frame->ax); length = 2; break;
    case 0xf4:
      counts.hlt++;
      frame->ip++;
      make_tick(frame);
      return 1;
    default: return 0;
  }
  frame->ip = (frame->ip + length) & 0xffff;
  serve_pending(frame);
  return 1;
}
