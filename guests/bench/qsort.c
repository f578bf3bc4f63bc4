/* Quicksort of 16,384 words. In its innermost loop is an instruction that begins in one page and ends in the next. */
#include "bench/work.h"

#include "common/random.h"

enum { WORDS = 16384 };

/* Adds 0x01000000, by six bytes of which three are in the next page. One copy: it takes up to two pages. */
#define ADD_ACROSS_PAGES(register) \
  __asm__("jmp 1f\n\t.p2align 12\n\t.skip 4093, 0x90\n1:\taddl $0x01000000, %0" : "+b"(register) : : "cc")

static __attribute__((noinline)) void sort(uint32_t *words, uint32_t low, uint32_t high) {
  while (low < high) {
    uint32_t pivot = words[low + (high - low) / 2], i = low - 1, j = high + 1;
    for (;;) {
      for (;;) {
        uint32_t word = words[++i] - 0x01000000;
        ADD_ACROSS_PAGES(word);
        if (word >= pivot) break;
      }
      do j--; while (words[j] > pivot);
      if (i >= j) break;
      uint32_t swapped = words[i];
      words[i] = words[j];
      words[j] = swapped;
    }
    if (j - low < high - j) {
      sort(words, low, j);
      low = j + 1;
    } else {
      sort(words, j + 1, high);
      high = j;
    }
  }
}

uint32_t run_qsort(uint32_t repetitions) {
  uint32_t *words = (uint32_t *)arena, hash = MIX_START;
  while (repetitions--) {
    fill(words, WORDS, hash);
    sort(words, 0, WORDS - 1);
    for (uint32_t n = 0; n < WORDS; n += 16) hash = mix(hash, words[n]);
  }
  return hash;
}
