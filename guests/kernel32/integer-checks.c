/* Integer instructions whose meaning is easiest to get slightly wrong, with answers from the SDM's operation sections. */
#include "kernel/check.h"
#include "kernel32/machine.h"

/* r = r OP b with CF set to carry before; the flags after. */
#define BINARY(op, r, b, carry) ({ \
  uint32_t flags_, carry_ = carry; \
  __asm__ volatile("btl $0, %2; " op "; pushfl; popl %0" : "=&r"(flags_), "+&a"(r) : "r"(carry_), "d"((uint32_t)(b)) : "cc"); \
  flags_ & FLAG_STATUS; })

#define ARITHMETIC(op, a, b, carry, result, wanted) do { \
  uint32_t r_ = a, f_ = BINARY(op, r_, b, carry); \
  EXPECT(r_, result); \
  EXPECT(f_, wanted); } while (0)

enum { C = FLAG_CF, P = FLAG_PF, A = FLAG_AF, Z = FLAG_ZF, S = FLAG_SF, O = FLAG_OF };

static void add_subtract(void) {
  ARITHMETIC("addl %%edx, %%eax", 0xffffffff, 1, 0, 0, C | P | A | Z);
  ARITHMETIC("addl %%edx, %%eax", 0x7fffffff, 1, 0, 0x80000000, P | A | S | O);
  ARITHMETIC("addw %%dx, %%ax", 0x1234ffff, 2, 0, 0x12340001, C | A);
  ARITHMETIC("addb %%dl, %%al", 0x80, 0x80, 0, 0, C | P | Z | O);
  ARITHMETIC("adcl %%edx, %%eax", 0xffffffff, 0xffffffff, 1, 0xffffffff, C | P | A | S);
  ARITHMETIC("adcb %%dl, %%al", 0x7f, 0, 1, 0x80, A | S | O);
  ARITHMETIC("subl %%edx, %%eax", 0, 1, 0, 0xffffffff, C | P | A | S);
  ARITHMETIC("subl %%edx, %%eax", 0x80000000, 1, 0, 0x7fffffff, P | A | O);
  ARITHMETIC("sbbl %%edx, %%eax", 0, 0xffffffff, 1, 0, C | P | A | Z);
  ARITHMETIC("sbbw %%dx, %%ax", 5, 4, 1, 0, P | Z);
  ARITHMETIC("cmpb %%dl, %%al", 0x10, 0x20, 0, 0x10, C | P | S);
}

static void increments(void) {
  ARITHMETIC("incl %%eax", 0x7fffffff, 0, 1, 0x80000000, C | P | A | S | O);
  ARITHMETIC("decl %%eax", 0, 0, 1, 0xffffffff, C | P | A | S);
  ARITHMETIC("incb %%al", 0xff, 0, 0, 0, P | A | Z);
  ARITHMETIC("negl %%eax", 0x80000000, 0, 0, 0x80000000, C | P | S | O);
  ARITHMETIC("negw %%ax", 0, 0, 1, 0, P | Z);
  ARITHMETIC("addb $0, %%dl; stc; notl %%eax", 0xffffffff, 0, 0, 0, C | P | Z); /* NOT leaves the flags alone */
}

/* Shift counts are taken modulo 32; a count of 0 leaves the flags alone; AF is undefined, OF defined for counts of 1. */
#define SHIFT(op, a, count, carry, result, mask, wanted) do { \
  uint32_t r_ = a, flags_, carry_ = carry; \
  __asm__ volatile("btl $0, %2; " op "; pushfl; popl %0" : "=&r"(flags_), "+&a"(r_) : "r"(carry_), "c"(count), "d"(0x89abcdef) : "cc"); \
  EXPECT(r_, result); \
  EXPECT(flags_ & (mask), wanted); } while (0)

static void shifts(void) {
  SHIFT("shll %%cl, %%eax", 0x80000001, 1, 0, 2, C | Z | S | O | P, C | O);
  SHIFT("shll %%cl, %%eax", 0x80000001, 32, 1, 0x80000001, C, C);
  SHIFT("shrl %%cl, %%eax", 0x80000001, 1, 0, 0x40000000, C | Z | S | O | P, C | P | O);
  SHIFT("sarl %%cl, %%eax", 0x80000000, 31, 0, 0xffffffff, C | Z | S | P, S | P);
  SHIFT("sarb %%cl, %%al", 0x180, 9, 0, 0x1ff, C | Z | S | P, C | S | P);
  SHIFT("shlw %%cl, %%ax", 0x10001, 16, 0, 0x10000, C | Z, C | Z);
  SHIFT("roll %%cl, %%eax", 0x80000001, 4, 0, 0x18, C, 0);
  SHIFT("rorb %%cl, %%al", 0x101, 9, 0, 0x180, C, C);
  SHIFT("rcll %%cl, %%eax", 0x80000000, 1, 1, 1, C | O, C | O);
  SHIFT("rcrb %%cl, %%al", 0x01, 9, 1, 0x01, C, C);
  SHIFT("rcrw %%cl, %%ax", 0x0001, 2, 0, 0x8000, C, 0);
  SHIFT("shldl %%cl, %%edx, %%eax", 0x12345678, 8, 0, 0x34567889, C, 0);
  SHIFT("shrdl %%cl, %%edx, %%eax", 0x12345678, 4, 0, 0xf1234567, C, C);
}

static void multiply_divide(void) {
  uint32_t a = 0xffffffff, d = 0xffffffff, f;
  __asm__ volatile("mull %1; pushfl; popl %2" : "+a"(a), "+d"(d), "=r"(f) : : "cc");
  EXPECT(a, 1);
  EXPECT(d, 0xfffffffe);
  EXPECT(f & (C | O), C | O);
  a = 0xfffffffe, d = 3;
  __asm__ volatile("imull %1; pushfl; popl %2" : "+a"(a), "+d"(d), "=r"(f) : : "cc");
  EXPECT(a, -6);
  EXPECT(d, 0xffffffff);
  EXPECT(f & (C | O), 0);
  uint32_t r = 0x10000;
  __asm__ volatile("imull $0x8000, %0, %0; pushfl; popl %1" : "+r"(r), "=r"(f) : : "cc");
  EXPECT(r, 0x80000000);
  EXPECT(f & (C | O), C | O);
  a = 0x9abcdef0, d = 0x12345678;
  __asm__ volatile("divl %2" : "+a"(a), "+d"(d) : "r"(0x87654321) : "cc");
  EXPECT(a, 0x226b9022);
  EXPECT(d, 0x38bc648e);
  a = (uint32_t)-7, d = 0xffffffff;
  __asm__ volatile("idivl %2" : "+a"(a), "+d"(d) : "r"(2) : "cc");
  EXPECT(a, -3);
  EXPECT(d, -1);
  a = 0xff81; /* -127 / 10 in 8 bits: AL quotient, AH remainder */
  __asm__ volatile("idivb %b1" : "+a"(a) : "q"(10) : "cc");
  EXPECT(a & 0xffff, 0xf9f4);
}

static void bits(void) {
  static uint32_t words[4];
  uint32_t f, r;
  words[3] = 0;
  __asm__ volatile("btsl %2, %0; pushfl; popl %1" : "+m"(words[0]), "=r"(f) : "r"(100) : "cc", "memory");
  EXPECT(words[3], 16);
  EXPECT(f & C, 0);
  __asm__ volatile("btrl %2, %0; pushfl; popl %1" : "+m"(words[3]), "=r"(f) : "r"(4) : "cc", "memory");
  EXPECT(words[3], 0);
  EXPECT(f & C, C);
  __asm__ volatile("btcl %1, %0" : "+m"(words[3]) : "r"(-1) : "cc", "memory"); /* bit 31 of the word before */
  EXPECT(words[2], 0x80000000);
  words[2] = 0;
  r = 0x55;
  __asm__ volatile("bsfl %2, %0; pushfl; popl %1" : "+r"(r), "=r"(f) : "r"(0x00800100) : "cc");
  EXPECT(r, 8);
  EXPECT(f & Z, 0);
  __asm__ volatile("bsrl %2, %0; pushfl; popl %1" : "+r"(r), "=r"(f) : "r"(0x00800100) : "cc");
  EXPECT(r, 23);
  __asm__ volatile("bsrl %2, %0; pushfl; popl %1" : "+r"(r), "=r"(f) : "r"(0) : "cc");
  EXPECT(f & Z, Z);
}

static void exchanges(void) {
  uint32_t r = 0x12345678, m = 10, f;
  __asm__ volatile("bswap %0" : "+r"(r));
  EXPECT(r, 0x78563412);
  r = 5;
  __asm__ volatile("lock xaddl %0, %1" : "+r"(r), "+m"(m) : : "cc", "memory");
  EXPECT(r, 10);
  EXPECT(m, 15);
  uint32_t a = 15;
  __asm__ volatile("lock cmpxchgl %3, %1; pushfl; popl %2" : "+a"(a), "+m"(m), "=r"(f) : "r"(99) : "cc", "memory");
  EXPECT(m, 99);
  EXPECT(f & Z, Z);
  a = 1;
  __asm__ volatile("lock cmpxchgl %3, %1; pushfl; popl %2" : "+a"(a), "+m"(m), "=r"(f) : "r"(7) : "cc", "memory");
  EXPECT(m, 99);
  EXPECT(a, 99);
  EXPECT(f & Z, 0);
  uint64_t wide = 0x1122334455667788, eight = wide;
  __asm__ volatile("lock cmpxchg8b %1; sete %%cl; movzbl %%cl, %2" : "+A"(wide), "+m"(eight), "=&S"(f) : "b"(1), "c"(2) : "cc", "memory");
  EXPECT(eight == 0x200000001, 1);
  EXPECT(f, 1);
  __asm__ volatile("lock cmpxchg8b %1; sete %%cl; movzbl %%cl, %2" : "+A"(wide), "+m"(eight), "=&S"(f) : "b"(3), "c"(4) : "cc", "memory");
  EXPECT(wide == 0x200000001, 1);
  EXPECT(f, 0);
}

static void decimal(void) {
  ARITHMETIC("addb %%dl, %%al; daa; pushfl; andl $~0x800, (%%esp); popfl", 0x79, 0x35, 0, 0x14, C | P | A);
  uint32_t a = 0x35 - 0x47, f;
  __asm__ volatile("movb $0x35, %%al; subb $0x47, %%al; das; pushfl; popl %1" : "+a"(a), "=r"(f) : : "cc");
  EXPECT(a & 0xff, 0x88);
  EXPECT(f & (C | A), C | A);
  a = 0x0109;
  __asm__ volatile("addb $8, %%al; aaa" : "+a"(a) : : "cc");
  EXPECT(a & 0xffff, 0x0207);
  a = 0x0203;
  __asm__ volatile("subb $5, %%al; aas" : "+a"(a) : : "cc");
  EXPECT(a & 0xffff, 0x0108);
  a = 63;
  __asm__ volatile("aam" : "+a"(a) : : "cc");
  EXPECT(a & 0xffff, 0x0603);
  a = 0x0905;
  __asm__ volatile("aad" : "+a"(a) : : "cc");
  EXPECT(a & 0xffff, 95);
}

static void extensions(void) {
  uint32_t a = 0x12340080, d = 0;
  __asm__ volatile("cbtw" : "+a"(a));
  EXPECT(a, 0x1234ff80);
  __asm__ volatile("cwtl" : "+a"(a));
  EXPECT(a, 0xffffff80);
  __asm__ volatile("cltd" : "+a"(a), "+d"(d));
  EXPECT(d, 0xffffffff);
  d = 0x55550000, a = 0x7fff;
  __asm__ volatile("cwtd" : "+a"(a), "+d"(d));
  EXPECT(d, 0x55550000);
  uint32_t r;
  __asm__ volatile("movsbl %%ah, %0" : "=r"(r) : "a"(0x8123));
  EXPECT(r, 0xffffff81);
  __asm__ volatile("movzwl %w1, %0" : "=r"(r) : "r"(0xabcd8001));
  EXPECT(r, 0x8001);
}

#define CONDITION(n, cc, holds) \
  __asm__ volatile("pushl %1; popfl; set" cc " %b0; movl $0, %%ecx; cmov" cc " %2, %%ecx; movzbl %b0, %0; orl %%ecx, %0" \
                   : "=&q"(r) : "r"(flags), "r"(2) : "ecx", "cc"); \
  if (r != ((holds) ? 3u : 0u)) wrong |= 1u << n;

/* Every condition under every combination of the flags it may depend on. */
static void conditions(void) {
  uint32_t wrong = 0, r;
  for (uint32_t n = 0; n < 32; n++) {
    uint32_t c = n & 1, p = n >> 1 & 1, z = n >> 2 & 1, s = n >> 3 & 1, o = n >> 4;
    uint32_t flags = 2 | c | p << 2 | z << 6 | s << 7 | o << 11;
    CONDITION(0, "o", o) CONDITION(1, "no", !o) CONDITION(2, "b", c) CONDITION(3, "ae", !c)
    CONDITION(4, "e", z) CONDITION(5, "ne", !z) CONDITION(6, "be", c | z) CONDITION(7, "a", !(c | z))
    CONDITION(8, "s", s) CONDITION(9, "ns", !s) CONDITION(10, "p", p) CONDITION(11, "np", !p)
    CONDITION(12, "l", s != o) CONDITION(13, "ge", s == o) CONDITION(14, "le", z | (s != o)) CONDITION(15, "g", !z & (s == o))
  }
  EXPECT(wrong, 0);
}

static void flag_moves(void) {
  uint32_t r, f;
  __asm__ volatile("movb $0xd5, %%ah; sahf; pushfl; popl %0; lahf; movl %%eax, %1" : "=&r"(f), "=r"(r) : : "eax", "cc");
  EXPECT(f & 0xff, 0xd7); /* bit 1 reads as 1 */
  EXPECT(r >> 8 & 0xff, 0xd7);
  __asm__ volatile("clc; cmc; setc %b0; std; pushfl; popl %1; cld" : "=&q"(r), "=r"(f) : : "cc");
  EXPECT(r & 0xff, 1);
  EXPECT(f & FLAG_DF, FLAG_DF);
}

static void all_registers(void) {
  static uint32_t saved[8], out[8], sp;
  __asm__ volatile(
    "pushal; movl %%esp, %2; movl $1, %%eax; movl $2, %%ecx; movl $3, %%edx; movl $4, %%ebx; movl $5, %%ebp;"
    "movl $6, %%esi; movl $7, %%edi;"
    "pushal; popl %0; popl 4+%0; popl 8+%0; popl 12+%0; popl 16+%0; popl 20+%0; popl 24+%0; popl 28+%0;"
    "pushl $8; pushl $9; pushl $10; pushl $11; pushl $12; pushl $13; pushl $14; pushl $15; popal;"
    "movl %%edi, %1; movl %%esi, 4+%1; movl %%ebp, 8+%1; movl %%ebx, 12+%1; movl %%edx, 16+%1; movl %%ecx, 20+%1; movl %%eax, 24+%1;"
    "movl %%esp, 28+%1; popal" : "=m"(saved), "=m"(out), "=m"(sp) : : "memory", "cc");
  const uint32_t pushed[8] = { 7, 6, 5, sp, 4, 3, 2, 1 }, popped[8] = { 15, 14, 13, 11, 10, 9, 8, sp };
  for (int n = 0; n < 8; n++) {
    EXPECT(saved[n], pushed[n]);
    EXPECT(out[n], popped[n]);
  }
}

static void enter_leave(void) {
  static uint32_t frame[8], base, after, stack;
  static uint32_t outer[4];
  outer[3] = 0x11, outer[2] = 0x22, outer[1] = 0x33; /* what EBP-4, EBP-8 … point to */
  __asm__ volatile(
    "pushl %%ebp; movl %%esp, %0; movl %4, %%ebp; enter $8, $3; movl %%ebp, %1; movl %%esp, %2;"
    "movl (%%ebp), %%eax; movl %%eax, %3; movl -4(%%ebp), %%eax; movl %%eax, 4+%3; movl -8(%%ebp), %%eax; movl %%eax, 8+%3;"
    "movl -12(%%ebp), %%eax; movl %%eax, 12+%3; leave; movl %%ebp, 16+%3; movl %%esp, 20+%3; popl %%ebp"
    : "=m"(stack), "=m"(base), "=m"(after), "=m"(frame) : "r"(&outer[3]) : "eax", "memory");
  EXPECT(base, stack - 4);
  EXPECT(after, stack - 4 - 12 - 8);
  EXPECT(frame[0], &outer[3]);
  EXPECT(frame[1], 0x22);
  EXPECT(frame[2], 0x33);
  EXPECT(frame[3], base);
  EXPECT(frame[4], &outer[3]);
  EXPECT(frame[5], stack);
}

static void stack_forms(void) {
  static uint32_t cell[3];
  uint32_t sp, r;
  __asm__ volatile("movl %%esp, %0; pushl %%esp; popl %1" : "=&r"(sp), "=&r"(r) : : "memory");
  EXPECT(r, sp); /* the value before the push */
  __asm__ volatile("pushl $-2; popl %0; pushw $0x1234; pushw $0x5678; popl %1" : "=m"(cell[0]), "=r"(r) : : "memory");
  EXPECT(cell[0], -2);
  EXPECT(r, 0x12345678);
  __asm__ volatile("movl %%esp, %1; pushl $77; pushl $88; popl (%%esp); popl %0" : "=&r"(r), "=&r"(sp) : : "memory");
  EXPECT(r, 88); /* POP to memory addressed by ESP computes the address after the increment */
}

static void odd_moves(void) {
  static const uint8_t table[4] = { 9, 8, 7, 6 };
  uint32_t a = 0xff02, r, count = 5, sum = 0;
  __asm__ volatile("xlatb" : "+a"(a) : "b"(table));
  EXPECT(a, 0xff07);
  __asm__("leal 5(%1, %2, 8), %0" : "=r"(r) : "r"(100), "r"(3));
  EXPECT(r, 129);
  __asm__ volatile("1: addl %0, %1; loop 1b; jecxz 2f; movl $0, %1; 2:" : "+c"(count), "+r"(sum) : : "cc");
  EXPECT(sum, 15);
  count = 4, sum = 0;
  __asm__ volatile("1: incl %1; cmpl $2, %1; loopne 1b" : "+c"(count), "+r"(sum) : : "cc");
  EXPECT(count, 2);
}

/* Long division by shift and subtract: what a 32-bit compiler has a library for. */
static uint64_t divide(uint64_t n, uint64_t d, uint64_t *rest) {
  uint64_t q = 0, r = 0;
  for (int bit = 63; bit >= 0; bit--) {
    r = r << 1 | (n >> bit & 1);
    q <<= 1;
    if (r >= d) r -= d, q |= 1;
  }
  *rest = r;
  return q;
}

static void wide_math(void) {
  volatile uint64_t x = 0x123456789abcdef1, y = 0x0fedcba987654321;
  EXPECT_TRUE(x + y == 0x2222222222222212);
  EXPECT_TRUE(x - y == 0x02468acf13579bd0);
  EXPECT_TRUE(x * y == 0x3224a4396cc6d011);
  EXPECT_TRUE((x << 13 | x >> 51) == 0x8acf13579bde2246);
  uint64_t rest, q = divide(x, 1000000007, &rest);
  EXPECT_TRUE(q * 1000000007 + rest == x && rest < 1000000007);
  volatile int64_t negative = -5;
  EXPECT_TRUE(negative >> 1 == -3 && negative < 3 && (uint64_t)negative > 3);
}

void integer_checks(void) {
  static const struct check list[] = {
    { "add-sub-flags", add_subtract }, { "inc-dec-neg", increments },  { "shifts-rotates", shifts },
    { "mul-div", multiply_divide },    { "bit-tests", bits },          { "xadd-cmpxchg", exchanges },
    { "bcd", decimal },                { "sign-extensions", extensions }, { "setcc-cmov", conditions },
    { "sahf-lahf", flag_moves },       { "pusha-popa", all_registers }, { "enter-leave", enter_leave },
    { "push-pop", stack_forms },       { "xlat-lea-loop", odd_moves }, { "64-bit-math", wide_math },
  };
  CHECKS_RUN(list);
}
