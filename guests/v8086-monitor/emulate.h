/* What the monitor does for the 8086 program. */
#pragma once
#include "v8086-monitor/monitor.h"

void emulation_start(void);
/* The instruction at the frame's CS:IP, done in the program's stead; 0 if it is none that the monitor knows. */
int emulate(struct frame *frame);
/* INT n of the program, after the instruction: a service of the monitor, or the program's own handler. */
void interrupt(struct frame *frame, uint32_t vector);
void reflect(struct frame *frame, uint32_t vector);
void make_tick(struct frame *frame);
/* Delivers a pending tick if interrupts are open. */
void serve_pending(struct frame *frame);
