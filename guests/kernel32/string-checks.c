/* String instructions: counts, directions, conditions, overlaps, and a fault in the middle that resumes. */
#include "kernel/check.h"
#include "kernel32/machine.h"

static uint8_t source[64], target[64];

static void fill(void) {
  for (int n = 0; n < 64; n++) source[n] = (uint8_t)(n + 1), target[n] = 0;
}

static void move(void) {
  fill();
  uint8_t *from = source, *to = target;
  uint32_t count = 3;
  __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(from, source + 12);
  EXPECT(to, target + 12);
  EXPECT(count, 0);
  EXPECT(target[11], 12);
  EXPECT(target[12], 0);
  count = 0;
  __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(from, source + 12);
}

static void move_backward(void) {
  fill();
  uint8_t *from = source + 6, *to = target + 6;
  uint32_t count = 4;
  __asm__ volatile("std; rep movsw; cld" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(from, (uintptr_t)source - 2);
  EXPECT(to, (uintptr_t)target - 2);
  EXPECT(*(uint32_t *)target, 0x04030201);
  EXPECT(*(uint32_t *)(target + 4), 0x08070605);
}

/* Overlapping forward copies repeat the first bytes: the iterations are one after the other. */
static void overlap(void) {
  fill();
  uint8_t *from = source, *to = source + 1;
  uint32_t count = 8;
  __asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  EXPECT(*(uint32_t *)source, 0x01010101);
  EXPECT(source[8], 1);
  EXPECT(source[9], 10);
}

static void store_load(void) {
  fill();
  uint8_t *to = target, *from = source + 4;
  uint32_t count = 2, value = 0;
  __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0xdeadbeef) : "memory");
  EXPECT(*(uint32_t *)(target + 4), 0xdeadbeef);
  EXPECT(target[8], 0);
  __asm__ volatile("lodsw; lodsb" : "+S"(from), "+a"(value) : : "memory");
  EXPECT(value, 0x0607);
  EXPECT(from, source + 7);
}

static void scan(void) {
  fill();
  uint8_t *at = source;
  uint32_t count = 64, f;
  __asm__ volatile("repne scasb; pushfl; popl %2" : "+D"(at), "+c"(count), "=r"(f) : "a"(10) : "cc", "memory");
  EXPECT(at, source + 10);
  EXPECT(count, 54);
  EXPECT(f & FLAG_ZF, FLAG_ZF);
  count = 20, at = source;
  __asm__ volatile("repne scasb; pushfl; popl %2" : "+D"(at), "+c"(count), "=r"(f) : "a"(200) : "cc", "memory");
  EXPECT(count, 0);
  EXPECT(f & FLAG_ZF, 0);
}

static void compare(void) {
  fill();
  for (int n = 0; n < 64; n++) target[n] = source[n];
  target[21] = 0;
  uint8_t *a = source, *b = target;
  uint32_t count = 16, f;
  __asm__ volatile("repe cmpsl; pushfl; popl %3" : "+S"(a), "+D"(b), "+c"(count), "=r"(f) : : "cc", "memory");
  EXPECT(count, 10);
  EXPECT(a, source + 24);
  EXPECT(f & (FLAG_ZF | FLAG_CF), 0);
}

static volatile uint32_t fault_count, fault_cx, fault_di;

static int map_on_touch(struct frame *frame) {
  if (frame->vector != PF) return 0;
  fault_cx = frame->cx, fault_di = frame->di;
  window_set(seen.cr2, (uint32_t)test_frame(2 + fault_count++) | PRESENT | WRITABLE);
  return 1;
}

/* The registers say how far it came, and it goes on from there. SDM vol. 2, "REP". */
static void fault_inside(void) {
  window_set(WINDOW, 0);
  window_set(WINDOW + PAGE, 0);
  uint32_t to = WINDOW + PAGE - 8, count = 4;
  fault_count = 0;
  trap_hook = map_on_touch;
  __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0x5a5a5a5a) : "memory");
  trap_hook = 0;
  EXPECT(fault_count, 2);
  EXPECT(fault_cx, 2);
  EXPECT(fault_di, WINDOW + PAGE);
  EXPECT(seen.cr2, WINDOW + PAGE);
  EXPECT(count, 0);
  EXPECT(*word_at(WINDOW + PAGE + 4), 0x5a5a5a5a);
}

static void segment_override(void) {
  fill();
  *(uint32_t *)test_frame(0) = 0x11223344; /* what SMALL_DATA begins with */
  uint32_t offset = 0, value;
  __asm__ volatile("movl %2, %%fs; fs lodsl; movl %3, %%fs" : "+S"(offset), "=a"(value) : "r"(SMALL_DATA), "r"(KERNEL_DATA) : "memory");
  EXPECT(value, 0x11223344);
  EXPECT(offset, 4);
}

void string_checks(void) {
  static const struct check list[] = {
    { "movs", move },        { "movs-backward", move_backward }, { "movs-overlap", overlap },       { "stos-lods", store_load },
    { "scas", scan },        { "cmps", compare },                { "string-fault-resumes", fault_inside },
    { "string-segment-override", segment_override },
  };
  CHECKS_RUN(list);
}
