/* The benchmark as a Linux program without a library: `bench-linux-32 core=20 fib=3`. As process 1 it switches the machine off. */
#include "bench/environment.h"
#include "bench/linux-calls.h"
#include "bench/main.h"
#include "common/options.h"

enum { STDOUT = 1, MADV_DONTNEED = 4, CLOCK_PROCESS_CPUTIME_ID = 2 };

/* The kernel's console is quiet where it prints nothing else; words of init's command line are the options. */
static void load_options(long count, char **words) {
  static char text[sizeof command_line];
  unsigned n = 0;
  for (long word = 1; word < count; word++) {
    for (const char *c = words[word]; *c && n < sizeof text - 2; c++) text[n++] = *c;
    text[n++] = ' ';
    if (n > sizeof text - 2) break;
  }
  options_load(text);
}

void put_line(const char *text, unsigned length) { linux_call(CALL_WRITE, STDOUT, (long)text, length); }

void call_system(void) { linux_call(CALL_GETPPID, 0, 0, 0); }

void release(void *from, uint32_t length) { linux_call(CALL_MADVISE, (long)from, length, MADV_DONTNEED); }

uint32_t processor_time(void) {
  struct { long seconds, nanoseconds; } time = {0, 0};
  linux_call(CALL_CLOCK_GETTIME, CLOCK_PROCESS_CPUTIME_ID, (long)&time, 0);
  return (uint32_t)time.seconds * 1000000 + (uint32_t)time.nanoseconds / 1000;
}

_Noreturn void linux_main(long count, char **words) {
  load_options(count, words);
  bench_main();
  if (linux_call(CALL_GETPID, 0, 0, 0) == 1) linux_call(CALL_REBOOT, (long)0xfee1dead, 672274793, 0x4321fedc);
  for (;;) linux_call(CALL_EXIT, 0, 0, 0);
}
