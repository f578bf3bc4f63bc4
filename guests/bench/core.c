/* A bit of everything that plain programs do: a list that is searched, reversed and sorted, matrices, a text that is scanned, a CRC. */
#include "bench/work.h"

#include "common/random.h"

enum { NODES = 64, SIZE = 12, TEXT = 128 };

struct node {
  struct node *next;
  int16_t key, value;
};

static uint16_t crc16(uint16_t crc, uint32_t word) {
  for (int bit = 0; bit < 16; bit++, word >>= 1) crc = (uint16_t)((crc ^ word) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
  return crc;
}

static struct node *reverse(struct node *list) {
  struct node *reversed = 0;
  while (list) {
    struct node *next = list->next;
    list->next = reversed, reversed = list, list = next;
  }
  return reversed;
}

static struct node *merge(struct node *a, struct node *b) {
  struct node *head = 0, **end = &head;
  while (a && b) {
    struct node **least = a->key <= b->key ? &a : &b;
    *end = *least, end = &(*least)->next, *least = (*least)->next;
  }
  *end = a ? a : b;
  return head;
}

static struct node *sort(struct node *list) {
  if (!list || !list->next) return list;
  struct node *middle = list;
  for (struct node *end = list->next; end && end->next; end = end->next->next) middle = middle->next;
  struct node *rest = middle->next;
  middle->next = 0;
  return merge(sort(list), sort(rest));
}

static uint16_t lists(uint32_t *random, uint16_t crc) {
  static struct node nodes[NODES];
  for (int n = 0; n < NODES; n++) {
    uint32_t bits = random_next(random);
    nodes[n] = (struct node){n + 1 < NODES ? &nodes[n + 1] : 0, (int16_t)bits, (int16_t)(bits >> 16)};
  }
  struct node *list = nodes;
  for (int round = 0; round < 16; round++) {
    int16_t wanted = nodes[(round * 7) % NODES].value;
    int place = 0;
    for (struct node *at = list; at && at->value != wanted; at = at->next) place++;
    crc = crc16(crc, (uint32_t)place);
    list = reverse(list);
  }
  for (list = sort(list); list; list = list->next) crc = (uint16_t)(crc * 31 + (uint16_t)list->key);
  return crc;
}

static uint16_t matrices(uint32_t *random, uint16_t crc) {
  static int16_t a[SIZE][SIZE], b[SIZE][SIZE];
  static int32_t c[SIZE][SIZE];
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) a[i][j] = (int16_t)random_next(random), b[i][j] = (int16_t)(a[i][j] >> 3);
  }
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      uint32_t sum = 0;
      for (int k = 0; k < SIZE; k++) sum += (uint32_t)(a[i][k] * b[k][j]);
      c[i][j] = (int32_t)sum;
    }
  }
  for (int i = 0; i < SIZE; i++) crc = crc16(crc, (uint32_t)c[i][(i * 5) % SIZE]);
  return crc;
}

/* Counts what the text holds: numbers, numbers with a point, words, and what is none of these. */
static uint16_t scan(uint32_t *random, uint16_t crc) {
  enum state { BETWEEN, NUMBER, FRACTION, WORD, BAD } state = BETWEEN;
  static char text[TEXT];
  for (int n = 0; n < TEXT; n++) text[n] = "0123456789.,  abcdef+.,012345678"[random_next(random) >> 27];
  uint32_t counts[5] = {0};
  for (int n = 0; n < TEXT; n++) {
    char c = text[n];
    if (c == ',' || c == ' ') {
      counts[state]++, state = BETWEEN;
      continue;
    }
    int digit = c >= '0' && c <= '9';
    switch (state) {
      case BETWEEN: state = digit ? NUMBER : c == '.' ? FRACTION : c >= 'a' ? WORD : BAD; break;
      case NUMBER: state = digit ? NUMBER : c == '.' ? FRACTION : BAD; break;
      case FRACTION: state = digit ? FRACTION : BAD; break;
      case WORD: state = digit || c >= 'a' ? WORD : BAD; break;
      case BAD: break;
    }
  }
  for (int n = 0; n < 5; n++) crc = crc16(crc, counts[n]);
  return crc;
}

uint32_t run_core(uint32_t repetitions) {
  uint32_t random = 1;
  uint16_t crc = 0;
  while (repetitions--) crc = scan(&random, matrices(&random, lists(&random, crc)));
  return crc;
}
