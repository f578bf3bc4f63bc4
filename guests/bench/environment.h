/* What the work asks of where it runs: a kernel of its own, or Linux. */
#pragma once
#include <stdint.h>

/* A line of output: its line feed is the last of `length` characters, and a null character follows. */
void put_line(const char *text, unsigned length);

/* The cheapest system call that there is. */
void call_system(void);

/* Takes frames from the pages of [from, from + length): the next access to each faults, and finds zeros. */
void release(void *from, uint32_t length);

/* Microseconds of processor time so far, or 0 where nobody counts it. */
uint32_t processor_time(void);
