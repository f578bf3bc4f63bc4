/* The kernels' checks: each is a function of EXPECTs, and one line of output. */
#pragma once
#include <stdint.h>

struct check {
  const char *name;
  void (*run)(void);
};

/* Both are taken as unsigned words. A difference is printed and fails the check that is running. */
#define EXPECT(got, wanted) expect((uintptr_t)(got), (uintptr_t)(wanted), #got, __LINE__)
#define EXPECT_TRUE(condition) expect(!!(condition), 1, #condition, __LINE__)
void expect(uintptr_t got, uintptr_t wanted, const char *what, uint32_t line);

/* Runs a list and prints "ok NAME" or "FAIL NAME" for each, "skip NAME" for those named by skip=NAME,NAME on the command line. */
void checks_run(const struct check *list, uint32_t count);
#define CHECKS_RUN(list) checks_run(list, sizeof(list) / sizeof(*(list)))

/* The last line; ends the machine, with success only if every check held. */
_Noreturn void checks_end(const char *kernel);
