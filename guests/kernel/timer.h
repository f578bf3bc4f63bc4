/* The two 8259 PICs and the 8254's channel 0, at 100 Hz or as hz= on the command line says. */
#pragma once
#include <stdint.h>

/* PICs to vectors 0x20 … 0x2f, every line masked; channel 0 running. */
void timer_init(void);
/* Lets the timer's line through, or not. */
void timer_unmask(int on);
/* Whether the master PIC holds a timer request that was not accepted yet. */
int timer_requested(void);
/* Acknowledges; called by trap(). */
void timer_interrupt(void);
/* Timer interrupts so far. */
extern volatile uint32_t timer_ticks;
