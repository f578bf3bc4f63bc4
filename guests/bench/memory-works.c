/* Work whose time is that of memory: loads and stores in a page, long copies, streams, chains, pages. */
#include "bench/work.h"

#include "common/random.h"

enum { LOOP_WORDS = 1024, COPY = MIB, STREAM_WORDS = MIB / 4, LINK = 256, LINKS = 8 * MIB / LINK };
enum { PAGES = 16 * MIB / PAGE, APART = 4 * MIB, APART_WORDS = 16384 };

static uint32_t *words_at(uint32_t offset) { return (uint32_t *)(arena + offset); }

/* A word of a page; those of neighbours are not in the same set of a cache. */
static volatile uint32_t *word_of(uint32_t page) { return words_at(page * PAGE + page % 64 * 64); }

void prepare_memloop(void) { fill(words_at(0), LOOP_WORDS, 1); }

/* Each word of a page anew from two others. */
uint32_t run_memloop(uint32_t repetitions) {
  volatile uint32_t *words = words_at(0);
  uint32_t sum = 0;
  while (repetitions--) {
    for (uint32_t n = 0; n < LOOP_WORDS; n++) {
      uint32_t word = words[n] + words[(n + 7) % LOOP_WORDS];
      words[n] = word;
      sum ^= word;
    }
  }
  return sum;
}

void prepare_copy(void) { fill(words_at(0), 2 * COPY / 4, 1); }

/* A MiB to and fro, by REP MOVS of whole words. */
uint32_t run_copy(uint32_t repetitions) {
  while (repetitions--) {
    void *to = arena + (repetitions & 1 ? COPY : 0);
    const void *from = arena + (repetitions & 1 ? 0 : COPY);
    uintptr_t count = COPY / sizeof count;
#ifdef __x86_64__
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#else
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#endif
    words_at(0)[repetitions % 1024] += repetitions;
  }
  uint32_t hash = MIX_START;
  for (uint32_t n = 0; n < 1024; n++) hash = mix(hash, words_at(0)[n] + words_at(COPY)[n]);
  return hash;
}

void prepare_stream(void) { fill(words_at(0), 3 * STREAM_WORDS, 1); }

/* The triad of three arrays of a MiB. */
uint32_t run_stream(uint32_t repetitions) {
  uint32_t *a = words_at(0), *b = words_at(4 * STREAM_WORDS), *c = words_at(8 * STREAM_WORDS);
  while (repetitions--) {
    for (uint32_t n = 0; n < STREAM_WORDS; n++) a[n] = b[n] + 3 * c[n];
    uint32_t *first = a;
    a = b, b = c, c = first;
  }
  uint32_t hash = MIX_START;
  for (uint32_t n = 0; n < STREAM_WORDS; n += 64) hash = mix(hash, b[n]);
  return hash;
}

/* One ring through all links of 8 MiB, in random order (Sattolo's algorithm). A link holds the number of the next. */
void prepare_chase(void) {
  uint32_t random = 1;
  for (uint32_t n = 0; n < LINKS; n++) *words_at(n * LINK) = n;
  for (uint32_t n = LINKS - 1; n > 0; n--) {
    uint32_t other = random_next(&random) % n, next = *words_at(n * LINK);
    *words_at(n * LINK) = *words_at(other * LINK);
    *words_at(other * LINK) = next;
  }
}

uint32_t run_chase(uint32_t repetitions) {
  uint32_t at = 0;
  while (repetitions--) {
    for (uint32_t n = 1; n < LINKS; n++) at = *words_at(at * LINK);
  }
  return at;
}

void prepare_touch(void) {
  for (uint32_t n = 0; n < PAGES; n++) *word_of(n) = n;
}

/* A word of each of 4,096 pages is read. */
uint32_t run_touch(uint32_t repetitions) {
  uint32_t sum = 0;
  while (repetitions--) {
    for (uint32_t n = 0; n < PAGES; n++) sum += *word_of(n);
    sum ^= repetitions;
  }
  return sum;
}

void prepare_write(void) { prepare_touch(); }

/* A word of each of 4,096 pages is written. */
uint32_t run_write(uint32_t repetitions) {
  uint32_t sum = 0, last = repetitions;
  while (repetitions--) {
    for (uint32_t n = 0; n < PAGES; n++) *word_of(n) = n ^ repetitions;
  }
  for (uint32_t n = 0; n < PAGES; n++) sum += *word_of(n) ^ last;
  return sum;
}

void prepare_apart(void) {
  fill(words_at(0), APART_WORDS, 1);
  fill(words_at(APART), APART_WORDS, 2);
}

/* Words of two arrays in turn, which are 4 MiB apart: 1,024 pages. */
uint32_t run_apart(uint32_t repetitions) {
  uint32_t *a = words_at(0), *b = words_at(APART), hash = MIX_START;
  while (repetitions--) {
    for (uint32_t n = 0; n < APART_WORDS; n++) b[n] += a[n];
  }
  for (uint32_t n = 0; n < APART_WORDS; n++) hash = mix(hash, b[n]);
  return hash;
}
