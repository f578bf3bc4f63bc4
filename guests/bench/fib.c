/* Fibonacci's numbers by recursion: calls and returns. */
#include "bench/work.h"

static __attribute__((noinline)) uint32_t fib(uint32_t n) {
  if (n < 2) return n;
  uint32_t first = fib(n - 1);
  __asm__("" : "+r"(first)); /* or GCC makes a loop of the second call */
  uint32_t second = fib(n - 2);
  __asm__("" : "+r"(second));
  return first + second;
}

uint32_t run_fib(uint32_t repetitions) {
  uint32_t sum = 0;
  while (repetitions--) sum = sum * 3 + fib(20 + (repetitions & 1));
  return sum;
}
