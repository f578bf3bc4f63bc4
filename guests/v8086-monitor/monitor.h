/* The monitor: what it keeps of the 8086 program, and how it runs it. */
#pragma once
#include <stdint.h>

#include "modes/trap.h"

/* How virtual-8086 mode is set up for a run. */
struct setup {
  const char *name;
  uint32_t iopl; /* 0 or 3 */
  int vme;
};

/* Instructions that came to the monitor, by kind. */
struct counts {
  uint32_t cli, sti, pushf, popf, int_n, iret, in, out, hlt, reflected, pending;
};
extern struct counts counts;
extern uint32_t played_out; /* what was last written to the played port */

extern struct tss { /* with the redirection bit map, and the I/O permission bit map for ports 0 to 0xff */
  uint32_t link, esp0, ss0, unused[22];
  uint16_t trap, io_map;
  uint8_t redirection[32], io[33];
} tss;
enum { TSS_SEGMENT = 0x28 };

void monitor_init(void);
/* Runs the 8086 program from its start to INT 20H. Counts begin at 0. */
void run_program(const struct setup *setup);
/* A word of the program's results. */
uint16_t result(uint32_t offset);

/* Runs fn in level 3 with the given flags until INT 80H; the flags it ended with come back. */
uint32_t run_user(void (*fn)(void), uint32_t flags);
extern volatile uint32_t user_faults, user_fault_ip;

void program_checks(void);
void pvi_checks(void);
