#include "common/print.h"

#include <stdarg.h>
#include <stdint.h>

#include "common/port.h"

enum { COM1 = 0x3f8, LCR = COM1 + 3, LSR = COM1 + 5, LCR_8N1 = 3, LCR_DLAB = 0x80, LSR_THRE = 0x20 };

/* 115200 baud, 8 data bits, no parity, no interrupts: a loader may have left anything. */
static void init(void) {
  outb(LCR, LCR_DLAB);
  outb(COM1, 1), outb(COM1 + 1, 0);
  outb(LCR, LCR_8N1);
  outb(COM1 + 1, 0);
}

static void put(char c) {
  static int ready;
  if (!ready) init(), ready = 1;
  while (!(inb(LSR) & LSR_THRE)) { }
  outb(COM1, (uint8_t)c);
}

static void put_hex(uintptr_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}

static void put_decimal(uint32_t value) {
  char text[10];
  int n = 0;
  do text[n++] = (char)('0' + value % 10); while (value /= 10);
  while (n) put(text[--n]);
}

void print(const char *format, ...) {
  va_list args;
  va_start(args, format);
  for (const char *f = format; *f; f++) {
    if (*f != '%') {
      put(*f);
      continue;
    }
    switch (*++f) {
      case 's':
        for (const char *s = va_arg(args, const char *); *s; s++) put(*s);
        break;
      case 'u': put_decimal(va_arg(args, uint32_t)); break;
      case 'x': put_hex(va_arg(args, uint32_t), 8); break;
      case 'p': put_hex(va_arg(args, uintptr_t), 2 * sizeof(uintptr_t)); break;
      default: put(*f);
    }
  }
  va_end(args);
}
