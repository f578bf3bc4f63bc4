/* Runs the classes that the command line names, each as often as it says: `core=20 fib=3`. Without a name, all run once. */
#include "bench/main.h"

#include "bench/environment.h"
#include "bench/work.h"
#include "common/options.h"

static char line[64];
static unsigned length;

static void add(const char *text) {
  while (*text && length < sizeof line - 1) line[length++] = *text++;
}

static void add_hex(uint32_t value) {
  for (int shift = 28; shift >= 0; shift -= 4) add((const char[]){"0123456789abcdef"[value >> shift & 15], 0});
}

static void add_decimal(uint32_t value) {
  char text[11];
  char *at = text + sizeof text - 1;
  *at = 0;
  do *--at = (char)('0' + value % 10); while (value /= 10);
  add(at);
}

static void end_line(void) {
  add("\n");
  line[length] = 0;
  put_line(line, length);
  length = 0;
}

static void run(const struct work *work, uint32_t repetitions) {
  if (work->prepare) work->prepare();
  add(work->name), add(": start");
  end_line();
  uint32_t before = processor_time(), checksum = work->run(repetitions), spent = processor_time() - before;
  add(work->name), add(": "), add_hex(checksum);
  if (spent) add(" "), add_decimal(spent), add(" us");
  end_line();
}

void bench_main(void) {
  unsigned named = 0;
  for (unsigned n = 0; n < WORK_COUNT; n++) named += option(WORKS[n].name) != 0;
  add("bench: start");
  end_line();
  for (unsigned n = 0; n < WORK_COUNT; n++) {
    uint32_t repetitions = option_number(WORKS[n].name, named ? 0 : 1);
    if (repetitions) run(&WORKS[n], repetitions);
  }
  add("bench: done");
  end_line();
}
