#include "kernel/check.h"

#include "common/finish.h"
#include "common/options.h"
#include "common/print.h"

static uint32_t total, failed;
static int holds;

void expect(uintptr_t got, uintptr_t wanted, const char *what, uint32_t line) {
  if (got == wanted) return;
  holds = 0;
  print("  line %u: %s is %p, not %p\n", line, what, got, wanted);
}

/* Whether `name` is in the comma-separated list of the option skip=. */
static int skipped(const char *name) {
  const char *at = option("skip");
  while (at && *at && *at != ' ') {
    const char *n = name;
    while (*n && *n == *at) n++, at++;
    if (!*n && (*at == ',' || *at == ' ' || !*at)) return 1;
    while (*at && *at != ' ' && *at != ',') at++;
    if (*at == ',') at++;
  }
  return 0;
}

void checks_run(const struct check *list, uint32_t count) {
  for (uint32_t n = 0; n < count; n++) {
    if (skipped(list[n].name)) {
      print("skip %s\n", list[n].name);
      continue;
    }
    holds = 1;
    list[n].run();
    print("%s %s\n", holds ? "ok" : "FAIL", list[n].name);
    total++;
    if (!holds) failed++;
  }
}

_Noreturn void checks_end(const char *kernel) {
  if (!failed) {
    print("%s: %u checks ok\n", kernel, total);
    finish();
  }
  print("%s: %u of %u checks failed\n", kernel, failed, total);
  fail(1);
}
