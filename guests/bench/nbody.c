/* Five bodies that attract each other, in x87 arithmetic of any width. */
#include "bench/work.h"

#include "common/random.h"

enum { BODIES = 5 };

static const double STEP = 0.01;
static double place[BODIES][3], speed[BODIES][3], mass[BODIES];

void prepare_nbody(void) {
  uint32_t random = 1;
  __asm__ volatile("fninit");
  for (int n = 0; n < BODIES; n++) {
    for (int axis = 0; axis < 3; axis++) {
      place[n][axis] = (int32_t)random_next(&random) * 0x1p-27;
      speed[n][axis] = (int32_t)random_next(&random) * 0x1p-33;
    }
    mass[n] = (random_next(&random) >> 1) * 0x1p-32;
  }
}

/* Without argument and result: 64-bit functions have both in vector registers. */
static void advance(void) {
  for (int i = 0; i < BODIES; i++) {
    for (int j = i + 1; j < BODIES; j++) {
      double apart[3], square = 0.01;
      for (int axis = 0; axis < 3; axis++) apart[axis] = place[i][axis] - place[j][axis], square += apart[axis] * apart[axis];
      double root;
      __asm__("fsqrt" : "=t"(root) : "0"(square));
      double pull = STEP / (square * root);
      for (int axis = 0; axis < 3; axis++) {
        speed[i][axis] -= apart[axis] * mass[j] * pull;
        speed[j][axis] += apart[axis] * mass[i] * pull;
      }
    }
  }
  for (int i = 0; i < BODIES; i++) {
    for (int axis = 0; axis < 3; axis++) place[i][axis] += STEP * speed[i][axis];
  }
}

uint32_t run_nbody(uint32_t repetitions) {
  while (repetitions--) advance();
  uint32_t hash = MIX_START;
  for (int n = 0; n < BODIES; n++) {
    for (int axis = 0; axis < 3; axis++) {
      union { double number; uint32_t words[2]; } bits = {place[n][axis]};
      hash = mix(mix(hash, bits.words[0]), bits.words[1]);
    }
  }
  return hash;
}
