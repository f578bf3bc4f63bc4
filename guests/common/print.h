/* Text on COM1, polled: no interrupt is needed to print, so it works from any handler. */
#pragma once

/* %s string, %u uint32_t in decimal, %x uint32_t as 8 hex digits, %p uintptr_t in hex at full width, %% a percent sign. */
void print(const char *format, ...);
