/* What 64-bit mode adds to the integer instructions, and what it takes away. */
#include "kernel/check.h"
#include "kernel64/machine.h"

enum { C = FLAG_CF, P = FLAG_PF, A = FLAG_AF, Z = FLAG_ZF, S = FLAG_SF, O = FLAG_OF };
#define TOP 0x8000000000000000ull

/* r = r OP b with CF set to carry before; the flags after. */
#define ARITHMETIC(op, a, b, carry, result, wanted) do { \
  uint64_t r_ = a, flags_, carry_ = carry, b_ = b; \
  __asm__ volatile("btq $0, %2; " op "; pushfq; popq %0" : "=&r"(flags_), "+&a"(r_) : "r"(carry_), "d"(b_) : "cc"); \
  EXPECT(r_, result); \
  EXPECT(flags_ & FLAG_STATUS, wanted); } while (0)

static void arithmetic(void) {
  ARITHMETIC("addq %%rdx, %%rax", ~0ull, 1, 0, 0, C | P | A | Z);
  ARITHMETIC("addq %%rdx, %%rax", TOP - 1, 1, 0, TOP, P | A | S | O);
  ARITHMETIC("adcq %%rdx, %%rax", ~0ull, ~0ull, 1, ~0ull, C | P | A | S);
  ARITHMETIC("subq %%rdx, %%rax", 0, 1, 0, ~0ull, C | P | A | S);
  ARITHMETIC("sbbq %%rdx, %%rax", TOP, 0, 1, TOP - 1, P | A | O);
  ARITHMETIC("cmpq %%rdx, %%rax", 1, TOP, 0, 1, C | S | O);
  ARITHMETIC("addq $-1, %%rax", 0x100000000, 0, 0, 0xffffffff, C | P);
  ARITHMETIC("incq %%rax", TOP - 1, 0, 1, TOP, C | P | A | S | O);
  ARITHMETIC("decq %%rax", 0, 0, 0, ~0ull, P | A | S);
  ARITHMETIC("negq %%rax", TOP, 0, 0, TOP, C | P | S | O);
}

/* A 32-bit result clears the upper half; 8 and 16 bits leave it. */
static void widths(void) {
  uint64_t r = ~0ull;
  __asm__ volatile("addl $1, %k0" : "+r"(r) : : "cc");
  EXPECT(r, 0);
  r = ~0ull;
  __asm__ volatile("movb $0, %b0; movw $1, %w0" : "+r"(r));
  EXPECT(r, 0xffffffffffff0001);
  r = 0x1122334455667788;
  __asm__ volatile("testl %k0, %k0; cmovel %k1, %k0" : "+r"(r) : "r"(0) : "cc"); /* not taken: clears all the same */
  EXPECT(r, 0x55667788);
  r = 0x8877665544332211;
  __asm__ volatile(".byte 0x90" : "+a"(r)); /* not XCHG EAX, EAX: clears nothing */
  EXPECT(r, 0x8877665544332211);
  uint64_t eighth = 0xaaaabbbbccccdddd;
  __asm__ volatile("movq %1, %%r8; .byte 0x49, 0x90; movq %%r8, %1" : "+a"(r), "+r"(eighth) : : "r8"); /* but this is XCHG R8, RAX */
  EXPECT(r, 0xaaaabbbbccccdddd);
}

/* With a REX prefix the codes of AH … BH mean SPL … DIL. */
static void byte_registers(void) {
  uint64_t high = 0, low = 0;
  __asm__ volatile("movl $0x1122, %%eax; movl $0x3344, %%esi; movq $-1, %%rdx;"
                   ".byte 0x88, 0xe2; movq %%rdx, %0; .byte 0x40, 0x88, 0xf2; movq %%rdx, %1" /* MOV DL, AH; MOV DL, SIL */
                   : "=&r"(high), "=&r"(low) : : "rax", "rsi", "rdx");
  EXPECT(high, 0xffffffffffffff11);
  EXPECT(low, 0xffffffffffffff44);
  __asm__ volatile("movq %%rsp, %0; movzbl %%spl, %k1" : "=r"(high), "=r"(low));
  EXPECT(low, high & 0xff);
}

static void extensions(void) {
  uint64_t r, a = 0xffffffff80000000 & 0xffffffff, d = 0;
  __asm__("movslq %k1, %0" : "=r"(r) : "r"(0x80000000));
  EXPECT(r, 0xffffffff80000000);
  __asm__ volatile("cltq" : "+a"(a));
  EXPECT(a, 0xffffffff80000000);
  __asm__ volatile("cqto" : "+a"(a), "+d"(d));
  EXPECT(d, ~0ull);
  __asm__("movsbq %b1, %0" : "=r"(r) : "q"(0x80));
  EXPECT(r, ~0x7full);
  __asm__("movq $-2, %0" : "=r"(r));
  EXPECT(r, -2);
  __asm__("movabsq $0x123456789abcdef0, %0" : "=r"(r));
  EXPECT(r, 0x123456789abcdef0);
}

static void multiply_divide(void) {
  uint64_t a = ~0ull, d = ~0ull, f;
  __asm__ volatile("mulq %1; pushfq; popq %2" : "+a"(a), "+d"(d), "=r"(f) : : "cc");
  EXPECT(a, 1);
  EXPECT(d, 0xfffffffffffffffe);
  EXPECT(f & (C | O), C | O);
  a = 0xfffffffffffffffe, d = 3;
  __asm__ volatile("imulq %1; pushfq; popq %2" : "+a"(a), "+d"(d), "=r"(f) : : "cc");
  EXPECT(a, -6);
  EXPECT(d, ~0ull);
  EXPECT(f & (C | O), 0);
  a = 0x0fedcba987654321, d = 0x123456789abcdef0;
  __asm__ volatile("divq %2" : "+a"(a), "+d"(d) : "r"(0xfedcba9876543210) : "cc");
  EXPECT(a, 0x1249249249249237);
  EXPECT(d, 0xfb494e2e7c8161b1);
  a = (uint64_t)-7, d = ~0ull;
  __asm__ volatile("idivq %2" : "+a"(a), "+d"(d) : "r"(2ull) : "cc");
  EXPECT(a, -3);
  EXPECT(d, -1);
  uint64_t r = 0x100000000;
  __asm__ volatile("imulq $0x40000000, %0, %0; pushfq; popq %1" : "+r"(r), "=r"(f) : : "cc");
  EXPECT(r, 0x4000000000000000);
  EXPECT(f & (C | O), 0);
}

static void shifts(void) {
  uint64_t r = 1, f;
  __asm__ volatile("shlq %%cl, %0" : "+r"(r) : "c"(63) : "cc");
  EXPECT(r, TOP);
  __asm__ volatile("shlq %%cl, %0" : "+r"(r) : "c"(64) : "cc"); /* modulo 64 */
  EXPECT(r, TOP);
  __asm__ volatile("sarq $63, %0" : "+r"(r) : : "cc");
  EXPECT(r, ~0ull);
  r = 0xffffffff00000001;
  __asm__ volatile("shll %%cl, %k0" : "+r"(r) : "c"(32) : "cc"); /* modulo 32, and the upper half is cleared */
  EXPECT(r, 1);
  r = 0x123456789abcdef0;
  __asm__ volatile("shldq $12, %2, %0; pushfq; popq %1" : "+r"(r), "=r"(f) : "r"(0xfed0000000000000) : "cc");
  EXPECT(r, 0x456789abcdef0fed);
  EXPECT(f & C, C);
  r = TOP | 1;
  __asm__ volatile("stc; rcrq $1, %0; pushfq; popq %1" : "+r"(r), "=r"(f) : : "cc");
  EXPECT(r, 0xc000000000000000);
  EXPECT(f & (C | O), C);
  __asm__ volatile("rolq $4, %0" : "+r"(r) : : "cc");
  EXPECT(r, 0xc);
}

static void bits(void) {
  static uint64_t words[4];
  uint64_t f, r;
  words[3] = 0;
  __asm__ volatile("btsq %2, %0; pushfq; popq %1" : "+m"(words[0]), "=r"(f) : "r"(200ull) : "cc", "memory");
  EXPECT(words[3], 256);
  EXPECT(f & C, 0);
  __asm__ volatile("btcq %1, %0" : "+m"(words[3]) : "r"(-64ll) : "cc", "memory"); /* bit 0 of the word before */
  EXPECT(words[2], 1);
  words[2] = 0;
  __asm__ volatile("btrq $68, %0; pushfq; popq %1" : "+m"(words[3]), "=r"(f) : : "cc", "memory"); /* immediates are modulo 64 */
  EXPECT(words[3], 256);
  __asm__("bsfq %1, %0" : "=r"(r) : "r"(TOP) : "cc");
  EXPECT(r, 63);
  __asm__("bsrq %1, %0" : "=r"(r) : "r"(0x100000000) : "cc");
  EXPECT(r, 32);
  r = 0x0102030405060708;
  __asm__("bswapq %0" : "+r"(r));
  EXPECT(r, 0x0807060504030201);
}

static uint64_t pair[2] __attribute__((aligned(16)));

static void exchanges(void) {
  uint64_t a = 1, b = 3, c = 4, d = 2, zf, word = 10, r = 5;
  pair[0] = 1, pair[1] = 2;
  __asm__ volatile("lock cmpxchg16b %2; sete %b3" : "+a"(a), "+d"(d), "+m"(pair), "=q"(zf) : "b"(b), "c"(c) : "cc", "memory");
  EXPECT(zf & 0xff, 1);
  EXPECT(pair[0], 3);
  EXPECT(pair[1], 4);
  a = 3, d = 5;
  __asm__ volatile("lock cmpxchg16b %2; sete %b3" : "+a"(a), "+d"(d), "+m"(pair), "=q"(zf) : "b"(7ull), "c"(8ull) : "cc", "memory");
  EXPECT(zf & 0xff, 0);
  EXPECT(a, 3);
  EXPECT(d, 4);
  EXPECT(pair[0], 3);
  __asm__ volatile("lock xaddq %0, %1" : "+r"(r), "+m"(word) : : "cc", "memory");
  EXPECT(r, 10);
  EXPECT(word, 15);
  a = 0xffffffff0000000f, word = 0x1234567800000010; /* a failed 32-bit CMPXCHG loads EAX and so clears the upper half */
  __asm__ volatile("lock cmpxchgl %k2, %1" : "+a"(a), "+m"(word) : "r"(1) : "cc", "memory");
  EXPECT(a, 0x10);
}

/* R12 and R13 as bases need a SIB or a displacement; RIP and 64-bit absolute addresses; 32-bit address size. */
static void addressing(void) {
  static uint64_t cells[4] = { 10, 11, 12, 13 };
  uint64_t r, s, t, u;
  __asm__ volatile("movq %4, %%r12; movq %4, %%r13; movq (%%r12), %0; movq (%%r13), %1; movq 8(%%r13), %2; movq $2, %%r12;"
                   "movq (%%r13, %%r12, 8), %3" : "=&r"(r), "=&r"(s), "=&r"(t), "=&r"(u) : "r"(cells) : "r12", "r13", "memory");
  EXPECT(r, 10);
  EXPECT(s, 10);
  EXPECT(t, 11);
  EXPECT(u, 12);
  __asm__ volatile("leaq 1f(%%rip), %0; jmp 2f; 1: .quad 0x77; 2: movq 1b(%%rip), %1" : "=&r"(r), "=&r"(s));
  EXPECT(s, 0x77);
  __asm__("leal -1(%q1), %k0" : "=r"(r) : "r"(0x100000000));
  EXPECT(r, 0xffffffff);
  __asm__("leaq 2(%k1), %0" : "=r"(r) : "r"(0xffffffffffffffff));
  EXPECT(r, 1);
  window_set(WINDOW, frame_address(1) | PRESENT | WRITABLE);
  *word_at(WINDOW) = 0x1122334455667788;
  __asm__ volatile("movabsq 0x100000000000, %%rax" : "=a"(r) : : "memory");
  EXPECT(r, 0x1122334455667788);
}

static void stack(void) {
  uint64_t r, s, sp;
  __asm__ volatile("movq %%rsp, %2; pushq $-2; popq %0; pushq $0x7fffffff; popq %1; subq %%rsp, %2"
                   : "=&r"(r), "=&r"(s), "=&r"(sp) : : "memory", "cc");
  EXPECT(r, -2);
  EXPECT(s, 0x7fffffff);
  EXPECT(sp, 0);
  __asm__ volatile("movq %%rsp, %0; pushw $5; subq %%rsp, %0; addq $2, %%rsp" : "=&r"(r) : : "memory", "cc");
  EXPECT(r, 2);
  __asm__ volatile("movq %%rsp, %0; pushq %%rbp; enter $24, $0; movq (%%rbp), %1; subq %%rsp, %0; leave; popq %%rbp"
                   : "=&r"(r), "=&r"(s) : : "memory", "cc");
  EXPECT(r, 40);
  __asm__ volatile("pushq $3; popfq; pushfq; popq %0" : "=r"(r) : : "memory", "cc");
  EXPECT(r, 3);
  __asm__ volatile("movb $0xff, %%ah; sahf; lahf; movzbl %%ah, %k0" : "=r"(r) : : "rax", "cc");
  EXPECT(r, 0xd7);
}

static void loops(void) {
  uint64_t count = 0x100000003, sum = 0;
  __asm__ volatile("1: addq $1, %1; addr32 loop 1b" : "+c"(count), "+r"(sum) : : "cc"); /* counts in ECX */
  EXPECT(sum, 3);
  EXPECT(count, 0);
  count = 0x100000000, sum = 0;
  __asm__ volatile("jrcxz 1f; addq $1, %1; jecxz 1f; addq $2, %1; 1:" : "+c"(count), "+r"(sum) : : "cc");
  EXPECT(sum, 1);
}

void integer_checks(void) {
  static const struct check list[] = {
    { "arithmetic-64", arithmetic }, { "result-widths", widths },   { "byte-registers", byte_registers },
    { "sign-extensions", extensions }, { "mul-div-64", multiply_divide }, { "shifts-64", shifts },
    { "bit-tests-64", bits },        { "cmpxchg16b-xadd", exchanges }, { "addressing", addressing },
    { "stack-64", stack },           { "loop-jrcxz", loops },
  };
  CHECKS_RUN(list);
}
