#include "kernel/timer.h"

#include "common/options.h"
#include "common/port.h"
#include "kernel/trap.h"

enum { MASTER = 0x20, SLAVE = 0xa0, PIT = 0x40, EOI = 0x20, READ_IRR = 0x0a };

volatile uint32_t timer_ticks;

void timer_init(void) {
  outb(MASTER, 0x11), outb(SLAVE, 0x11);                      /* ICW1: edge, cascade, ICW4 follows */
  outb(MASTER + 1, IRQ_BASE), outb(SLAVE + 1, IRQ_BASE + 8);  /* ICW2: vectors */
  outb(MASTER + 1, 4), outb(SLAVE + 1, 2);                    /* ICW3: slave on line 2 */
  outb(MASTER + 1, 1), outb(SLAVE + 1, 1);                    /* ICW4: 8086 mode */
  outb(MASTER + 1, 0xff), outb(SLAVE + 1, 0xff);
  uint32_t divisor = 1193182 / option_number("hz", 100);
  outb(PIT + 3, 0x34); /* channel 0, both bytes, mode 2 */
  outb(PIT, divisor & 0xff), outb(PIT, divisor >> 8);
}

void timer_unmask(int on) { outb(MASTER + 1, on ? 0xfe : 0xff); }

int timer_requested(void) {
  outb(MASTER, READ_IRR);
  return inb(MASTER) & 1;
}

void timer_interrupt(void) {
  timer_ticks++;
  outb(MASTER, EOI);
}
