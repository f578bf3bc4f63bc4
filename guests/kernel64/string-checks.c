/* String instructions with 64-bit counts and addresses. */
#include "kernel/check.h"
#include "kernel64/machine.h"

static uint64_t source[8], target[8];

static void fill(void) {
  for (uint64_t n = 0; n < 8; n++) source[n] = (n + 1) * 0x0101010101010101, target[n] = 0;
}

static void move(void) {
  fill();
  uint64_t *from = source, *to = target, count = 3;
  __asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(from, source + 3);
  EXPECT(to, target + 3);
  EXPECT(count, 0);
  EXPECT(target[2], source[2]);
  EXPECT(target[3], 0);
}

static void move_backward(void) {
  fill();
  uint64_t *from = source + 2, *to = source + 3, count = 3;
  __asm__ volatile("std; rep movsq; cld" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(from, (uint64_t)source - 8);
  EXPECT(source[3], 3 * 0x0101010101010101);
  EXPECT(source[1], 0x0101010101010101);
}

static void store_scan(void) {
  fill();
  uint64_t *to = target, count = 5, f;
  __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0x1122334455667788) : "memory");
  EXPECT(target[4], 0x1122334455667788);
  EXPECT(target[5], 0);
  count = 8, to = target;
  __asm__ volatile("repe scasq; pushfq; popq %2" : "+D"(to), "+c"(count), "=r"(f) : "a"(0x1122334455667788) : "cc", "memory");
  EXPECT(count, 2);
  EXPECT(to, target + 6);
  EXPECT(f & FLAG_ZF, 0);
}

static void compare(void) {
  fill();
  for (int n = 0; n < 8; n++) target[n] = source[n];
  target[5] += 0x100;
  uint64_t *a = source, *b = target, count = 8, f;
  __asm__ volatile("repe cmpsq; pushfq; popq %3" : "+S"(a), "+D"(b), "+c"(count), "=r"(f) : : "cc", "memory");
  EXPECT(count, 2);
  EXPECT(f & (FLAG_ZF | FLAG_CF), FLAG_CF);
}

/* With a count of 0 nothing happens, not even to the upper halves; only ECX counts under a 32-bit address size. */
static void counts(void) {
  uint64_t to = (uint64_t)target, count = 0;
  fill();
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(1) : "memory");
  EXPECT(to, target);
  uint64_t value = ~0ull, from = (uint64_t)(source + 1);
  __asm__ volatile("lodsl" : "+S"(from), "+a"(value) : : "memory");
  EXPECT(value, 0x02020202);
  EXPECT(from, (uint64_t)source + 12);
}

static volatile uint32_t fault_count;
static volatile uint64_t fault_cx, fault_di;

static int map_on_touch(struct frame *frame) {
  if (frame->vector != PF) return 0;
  fault_cx = frame->cx, fault_di = frame->di;
  window_set(seen.cr2, frame_address(2 + fault_count) | PRESENT | WRITABLE);
  fault_count++;
  return 1;
}

/* The registers say how far it came, and it goes on from there. */
static void fault_inside(void) {
  window_set(WINDOW, 0);
  window_set(WINDOW + PAGE, 0);
  uint64_t to = WINDOW + PAGE - 16, count = 4;
  fault_count = 0;
  trap_hook = map_on_touch;
  __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0x5a5a5a5a) : "memory");
  trap_hook = 0;
  EXPECT(fault_count, 2);
  EXPECT(fault_cx, 2);
  EXPECT(fault_di, WINDOW + PAGE);
  EXPECT(seen.cr2, WINDOW + PAGE);
  EXPECT(count, 0);
  EXPECT(*word_at(WINDOW + PAGE + 8), 0x5a5a5a5a);
}

void string_checks(void) {
  static const struct check list[] = {
    { "movsq", move }, { "movsq-backward", move_backward }, { "stosq-scasq", store_scan }, { "cmpsq", compare },
    { "string-counts", counts }, { "string-fault-resumes", fault_inside },
  };
  CHECKS_RUN(list);
}
