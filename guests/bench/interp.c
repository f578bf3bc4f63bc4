/* A machine of bytecode that counts Collatz's steps: one indirect jump for each of its operations. */
#include "bench/work.h"

enum operation { PUSH, LOAD, STORE, ADD, MULTIPLY, SHIFT, AND, LESS, JUMP, JUMP_IF_ZERO, STOP };
enum variable { START, VALUE, STEPS, LIMIT };

struct code {
  uint8_t operation, operand;
};

// clang-format off
static const struct code PROGRAM[] = {
  [0] = {PUSH, 1}, {STORE, START},
  [2] = {LOAD, START}, {LOAD, LIMIT}, {LESS, 0}, {JUMP_IF_ZERO, 29}, {LOAD, START}, {STORE, VALUE},
  [8] = {PUSH, 1}, {LOAD, VALUE}, {LESS, 0}, {JUMP_IF_ZERO, 24},
  [12] = {LOAD, STEPS}, {PUSH, 1}, {ADD, 0}, {STORE, STEPS}, {LOAD, VALUE}, {PUSH, 1}, {AND, 0}, {JUMP_IF_ZERO, 30},
  [20] = {LOAD, VALUE}, {PUSH, 3}, {MULTIPLY, 0}, {JUMP, 34},
  [24] = {LOAD, START}, {PUSH, 1}, {ADD, 0}, {STORE, START}, {JUMP, 2},
  [29] = {STOP, 0},
  [30] = {LOAD, VALUE}, {SHIFT, 1}, {STORE, VALUE}, {JUMP, 8},
  [34] = {PUSH, 1}, {ADD, 0}, {STORE, VALUE}, {JUMP, 8},
};
// clang-format on

/* Filled anew, or GCC would know the program while it compiles. */
static struct code program[sizeof PROGRAM / sizeof *PROGRAM];

void prepare_interp(void) {
  for (unsigned n = 0; n < sizeof PROGRAM / sizeof *PROGRAM; n++) program[n] = PROGRAM[n];
}

static __attribute__((noinline)) uint32_t interpret(uint32_t limit) {
  uint32_t stack[8], *top = stack, variables[4] = {[LIMIT] = limit};
  for (const struct code *at = program;; at++) {
    switch ((enum operation)at->operation) {
      case PUSH: *top++ = at->operand; break;
      case LOAD: *top++ = variables[at->operand]; break;
      case STORE: variables[at->operand] = *--top; break;
      case ADD: top--, top[-1] += *top; break;
      case MULTIPLY: top--, top[-1] *= *top; break;
      case SHIFT: top[-1] >>= at->operand; break;
      case AND: top--, top[-1] &= *top; break;
      case LESS: top--, top[-1] = top[-1] < *top; break;
      case JUMP: at = program + at->operand - 1; break;
      case JUMP_IF_ZERO: if (!*--top) at = program + at->operand - 1; break;
      case STOP: return variables[STEPS];
    }
  }
}

uint32_t run_interp(uint32_t repetitions) {
  uint32_t sum = 0;
  while (repetitions--) sum = sum * 3 + interpret(100 + (repetitions & 7));
  return sum;
}
