/* Quicksort of 25,000 × scale pseudo-random words: branches that cannot be foretold, and a stack of ranges. */
#include "common/options.h"
#include "common/print.h"
#include "common/random.h"

enum { UNIT = 25000, SCALE = 40, DEPTH = 32 };

static uint32_t words[UNIT * SCALE];

/* Sorts words[low … high]. The longer part waits on the stack, so that DEPTH is enough for 2^32 words. */
static void quicksort(uint32_t low, uint32_t high) {
  struct { uint32_t low, high; } stack[DEPTH];
  uint32_t depth = 0;
  for (;;) {
    while (low < high) {
      uint32_t pivot = words[low + (high - low) / 2], i = low - 1, j = high + 1;
      for (;;) {
        do i++; while (words[i] < pivot);
        do j--; while (words[j] > pivot);
        if (i >= j) break;
        uint32_t swapped = words[i];
        words[i] = words[j];
        words[j] = swapped;
      }
      if (j - low < high - j) {
        stack[depth].low = j + 1, stack[depth++].high = high;
        high = j;
      } else {
        stack[depth].low = low, stack[depth++].high = j;
        low = j + 1;
      }
    }
    if (!depth) return;
    low = stack[--depth].low, high = stack[depth].high;
  }
}

int main(void) {
  print("sort: start\n");
  uint32_t scale = option_number("scale", SCALE);
  if (scale < 1 || scale > SCALE) {
    print("sort: scale must be 1 to %u\n", (uint32_t)SCALE);
    return 1;
  }
  uint32_t count = scale * UNIT, state = 1, hash = MIX_START;
  for (uint32_t n = 0; n < count; n++) words[n] = random_next(&state);
  quicksort(0, count - 1);
  for (uint32_t n = 0; n < count; n++) {
    if (n && words[n - 1] > words[n]) {
      print("sort: out of order at %u\n", n);
      return 2;
    }
    hash = mix(hash, words[n]);
  }
  print("sort: %u words in order\n", count);
  print("sort: %x\n", hash);
  print("sort: done\n");
  return 0;
}
