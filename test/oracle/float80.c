// float80: executes x87 instructions on the real CPU and prints operands, control word, status word and results, one vector a
// line, for test/float. Deterministic by seed.
//
//   float80 COUNT SEED > vectors      COUNT vectors of every instruction
//   float80 COUNT SEED NAME           of one of them
//
//   NAME CW A [B] = SW RESULT...
//
// Hexadecimal. A is ST(0) or the memory operand, B is ST(1); before the instruction TOP is 6, so that TOP in SW tells whether it
// pushed (5) or popped (7), hence whether a result was given. Results are ST(0), or ST(0) and ST(1), or memory.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef struct { u64 low; u16 high; } __attribute__((packed)) F80;

static u64 random_state;
static u64 random64(void) { // splitmix64
  u64 z = random_state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
static u32 below(u32 n) { return (u32)((random64() >> 32) * n >> 32); }

static F80 a, b;
static u8 memory[16] __attribute__((aligned(16))), area[512] __attribute__((aligned(16)));
static u16 cw, sw;

#define OPERATION(name, text) \
  static void name(void) { \
    asm volatile("fninit\n fldt %[b]\n fldt %[a]\n fldcw %[cw]\n" text "\n fnstsw %[sw]\n fxsave %[area]\n fninit" \
                 : [sw] "=m"(sw), [area] "=m"(area), [m] "+m"(memory) : [a] "m"(a), [b] "m"(b), [cw] "m"(cw)); \
  }
OPERATION(do_add, "fadd %%st(1), %%st") OPERATION(do_sub, "fsub %%st(1), %%st")
OPERATION(do_mul, "fmul %%st(1), %%st") OPERATION(do_div, "fdiv %%st(1), %%st")
OPERATION(do_sqrt, "fsqrt") OPERATION(do_prem, "fprem") OPERATION(do_prem1, "fprem1") OPERATION(do_rndint, "frndint")
OPERATION(do_scale, "fscale") OPERATION(do_xtract, "fxtract") OPERATION(do_com, "fcom") OPERATION(do_ucom, "fucom")
OPERATION(do_xam, "fxam") OPERATION(do_ld32, "flds %[m]") OPERATION(do_ld64, "fldl %[m]") OPERATION(do_st32, "fstps %[m]")
OPERATION(do_st64, "fstpl %[m]") OPERATION(do_ild64, "fildll %[m]") OPERATION(do_ist16, "fistps %[m]")
OPERATION(do_ist32, "fistpl %[m]") OPERATION(do_ist64, "fistpll %[m]") OPERATION(do_istt16, "fisttps %[m]")
OPERATION(do_istt32, "fisttpl %[m]") OPERATION(do_istt64, "fisttpll %[m]") OPERATION(do_bld, "fbld %[m]")
OPERATION(do_bst, "fbstp %[m]") OPERATION(do_1, "fld1") OPERATION(do_l2t, "fldl2t") OPERATION(do_l2e, "fldl2e")
OPERATION(do_pi, "fldpi") OPERATION(do_lg2, "fldlg2") OPERATION(do_ln2, "fldln2") OPERATION(do_z, "fldz")
OPERATION(do_2xm1, "f2xm1") OPERATION(do_yl2x, "fyl2x") OPERATION(do_yl2xp1, "fyl2xp1") OPERATION(do_ptan, "fptan")
OPERATION(do_patan, "fpatan") OPERATION(do_sin, "fsin") OPERATION(do_cos, "fcos") OPERATION(do_sincos, "fsincos")

// What the exponents of operands crowd around, and which formats there are in memory.
enum { NONE, ONE, TWO, NEAR, SCALE, SINGLE, DOUBLE, INTEGER, DECIMAL, M32, M64, I64, BCD, ANGLE, UNIT, LOGARITHM, NEAR_ZERO };
typedef struct {
  const char *name;
  void (*run)(void);
  int operands;
  int results; // registers to print
  int bytes;   // of memory to print
  u32 percent; // of COUNT
} Form;
static const Form forms[] = {
  {"FADD", do_add, NEAR, 1, 0, 150}, {"FSUB", do_sub, NEAR, 1, 0, 100}, {"FMUL", do_mul, TWO, 1, 0, 150}, {"FDIV", do_div, TWO, 1, 0, 150},
  {"FSQRT", do_sqrt, ONE, 1, 0, 100}, {"FPREM", do_prem, NEAR, 1, 0, 150}, {"FPREM1", do_prem1, NEAR, 1, 0, 150},
  {"FRNDINT", do_rndint, INTEGER, 1, 0, 100}, {"FSCALE", do_scale, SCALE, 1, 0, 150}, {"FXTRACT", do_xtract, ONE, 2, 0, 60},
  {"FCOM", do_com, NEAR, 0, 0, 100}, {"FUCOM", do_ucom, NEAR, 0, 0, 100}, {"FXAM", do_xam, ONE, 0, 0, 50},
  {"FLD32", do_ld32, M32, 1, 0, 100}, {"FLD64", do_ld64, M64, 1, 0, 100}, {"FSTP32", do_st32, SINGLE, 0, 4, 150},
  {"FSTP64", do_st64, DOUBLE, 0, 8, 150}, {"FILD64", do_ild64, I64, 1, 0, 30}, {"FISTP16", do_ist16, INTEGER, 0, 2, 70},
  {"FISTP32", do_ist32, INTEGER, 0, 4, 70}, {"FISTP64", do_ist64, INTEGER, 0, 8, 70}, {"FISTTP16", do_istt16, INTEGER, 0, 2, 50},
  {"FISTTP32", do_istt32, INTEGER, 0, 4, 50}, {"FISTTP64", do_istt64, INTEGER, 0, 8, 50}, {"FBLD", do_bld, BCD, 1, 0, 30},
  {"FBSTP", do_bst, DECIMAL, 0, 10, 100}, {"FLD1", do_1, NONE, 1, 0, 3}, {"FLDL2T", do_l2t, NONE, 1, 0, 3},
  {"FLDL2E", do_l2e, NONE, 1, 0, 3}, {"FLDPI", do_pi, NONE, 1, 0, 3}, {"FLDLG2", do_lg2, NONE, 1, 0, 3},
  {"FLDLN2", do_ln2, NONE, 1, 0, 3}, {"FLDZ", do_z, NONE, 1, 0, 3},
  {"F2XM1", do_2xm1, UNIT, 1, 0, 60}, {"FYL2X", do_yl2x, LOGARITHM, 1, 0, 100}, {"FYL2XP1", do_yl2xp1, NEAR_ZERO, 1, 0, 80},
  {"FPTAN", do_ptan, ANGLE, 2, 0, 60}, {"FPATAN", do_patan, NEAR, 1, 0, 100}, {"FSIN", do_sin, ANGLE, 1, 0, 60},
  {"FCOS", do_cos, ANGLE, 1, 0, 60}, {"FSINCOS", do_sincos, ANGLE, 2, 0, 60},
};

static u64 pool[24]; // significands that look random: few, so that the file packs well

static u64 some_significand(void) {
  u64 top = 1ull << 63;
  switch (below(8)) {
    case 0: return top | (u64)below(3);
    case 1: return ~0ull << (11 * below(2) + 40 * below(2)) >> below(2);                // all ones, of 64, 53, 24 bits
    case 2: return top | (below(4) << 9) | (below(2) ? 0x400 : 0x3ff) | (u64)below(2); // about half of a 53-bit unit
    case 3: return top | ((u64)below(4) << 38) | (below(2) ? 1ull << 39 : (1ull << 39) - 1) | below(2); // of a 24-bit unit
    case 4: return 3ull << 62 | (below(2) ? 0 : pool[below(24)]);
    case 5: return top | (below(2) ? 0 : pool[below(24)] >> below(63));
    default: return top | pool[below(24)];
  }
}

static u32 around(u32 center, u32 spread) { return center - spread + below(2 * spread + 1); }

static u32 exponent(int kind) {
  static const u32 edges[] = {0, 0, 0, 1, 2, 0x3ffe, 0x3fff, 0x4000, 0x7ffd, 0x7ffe, 0x7fff, 0x7fff};
  if (below(6) == 0) return edges[below(12)];
  switch (kind) {
    case INTEGER: return below(3) ? around(0x3fff + 15 * (1 + below(4)) + 1, 3) : around(0x3ffe, 3) + below(64);
    case DECIMAL: return below(2) ? around(0x3fff + 58, 3) : 0x3ffc + below(66);
    case SINGLE: return below(2) ? around(0x3fff - 126, 26) : below(3) ? around(0x3fff + 127, 2) : around(0x3fff, 150);
    case DOUBLE: return below(2) ? around(0x3fff - 1022, 55) : below(3) ? around(0x3fff + 1023, 2) : around(0x3fff, 1100);
    case ANGLE: return below(4) ? 0x3fff - 6 + below(72) : 0x3fff - 70 + below(70);
    case UNIT: case NEAR_ZERO: return below(4) ? 0x3ffe - below(8) : 0x3ffe - below(80);
    default: return below(2) ? around(0x3fff, 70) : below(0x8000);
  }
}

static F80 operand(int kind) {
  F80 x = {some_significand(), exponent(kind) | below(2) << 15};
  u32 biased = x.high & 0x7fff;
  if (biased == 0) x.low = below(4) == 0 ? 0 : below(4) == 0 ? x.low : below(2) ? (x.low << 1) >> 1 : x.low >> (1 + below(63));
  if (biased == 0x7fff && below(2)) x.low = below(2) ? 1ull << 63 : x.low & ~(1ull << 62);
  if (biased != 0 && below(24) == 0) x.low &= ~(1ull << 63); // unsupported
  return x;
}

static u64 in_memory(u32 fraction, u32 exponents) {
  u64 mask = (1ull << exponents) - 1, e = below(3) ? random64() & mask : below(2) ? 0 : mask;
  u64 f = some_significand() << 1 >> (64 - fraction);
  if (below(8) == 0) f = 0;
  if (below(4) == 0) f >>= below(fraction);
  return (u64)below(2) << (fraction + exponents) | e << fraction | f;
}

static void make_operands(int kind) {
  a = operand(kind);
  b = operand(kind);
  u64 word = 0;
  u32 spread = below(3);
  switch (kind) {
    case NEAR: // exponents near each other more often than not, now and then the same number
      if (below(2)) b.high = (b.high & 0x8000) | ((a.high + around(0, spread == 0 ? 2 : spread == 1 ? 70 : 140)) & 0x7fff);
      if (below(16) == 0) b.low = a.low;
      break;
    case TWO: // products and quotients about the ends of the range
      if (below(3) == 0) b.high = (b.high & 0x8000) | ((a.high + around(below(2) ? 0x3fff : 0x4001, 70)) & 0x7fff);
      if (below(3) == 0) b.high = (b.high & 0x8000) | ((around(below(2) ? 0x3fff : 0xbffd, 70) - a.high) & 0x7fff);
      break;
    case SCALE:
      if (below(4)) b.high = (b.high & 0x8000) | around(0x3fff + 8, 9);
      break;
    case LOGARITHM: // mostly of positive numbers, often near 1
      if (below(8)) a.high &= 0x7fff;
      if (below(3) == 0) {
        a.high = below(2) ? 0x3fff : 0x3ffe;
        if (below(2)) a.low = a.high & 1 ? 1ull << 63 | a.low >> below(64) : ~(a.low >> (1 + below(63)));
      }
      break;
    case NEAR_ZERO: // within 1 - sqrt(1/2), but for the special ones
      if ((a.high & 0x7fff) >= 0x3ffd && (a.high & 0x7fff) < 0x7fff && below(8)) a.high -= 3;
      b.high = (b.high & 0x8000) | (below(2) ? around(0x3fff, 70) : below(0x8000));
      break;
    case M32: word = in_memory(23, 8); break;
    case M64: word = in_memory(52, 11); break;
    case I64: word = below(4) ? (u64)((int64_t)random64() >> below(64)) : 1ull << below(64); break;
  }
  memset(memory, 0, sizeof memory);
  memcpy(memory, &word, 8);
  if (kind == BCD) {
    for (u32 i = 0; i < 9; i++) memory[i] = below(10) << 4 | below(10);
    memory[9] = below(2) << 7;
    memset(memory + below(10), 0, 3);
  }
}

static void print80(const u8 *p) { printf(" %04x%016llx", *(u16 *)(p + 8), (unsigned long long)*(u64 *)p); }

static void print_memory(int bytes) {
  printf(" ");
  for (int i = bytes - 1; i >= 0; i--) printf("%02x", memory[i]);
}

static void one_vector(const Form *f) {
  static const u16 precisions[] = {0, 0x200, 0x300, 0x300};
  u16 masks = below(2) ? 0x3f : below(2) ? 0x3f & ~(1 << below(6)) : below(2) ? 0 : below(64);
  cw = (u16)(below(4) << 10 | precisions[below(4)] | masks);
  make_operands(f->operands);
  printf("%s %03x", f->name, cw);
  switch (f->operands) {
    case NONE: break;
    case M32: print_memory(4); break;
    case M64: case I64: print_memory(8); break;
    case BCD: print_memory(10); break;
    case NEAR: case TWO: case SCALE: case LOGARITHM: case NEAR_ZERO: print80((u8 *)&a); print80((u8 *)&b); break;
    default: print80((u8 *)&a);
  }
  f->run();
  printf(" = %04x", sw);
  for (int i = 0; i < f->results; i++) print80(area + 32 + 16 * i);
  if (f->bytes) print_memory(f->bytes);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "float80 COUNT SEED [NAME]\n"), 2;
  u32 count = (u32)atol(argv[1]);
  for (u32 i = 0; i < sizeof forms / sizeof *forms; i++) {
    random_state = (u64)atol(argv[2]);
    for (u32 k = 0; k < 24; k++) pool[k] = random64() >> 1;
    random_state += i * 0x100000001ull;
    if (argc > 3 && strcmp(argv[3], forms[i].name)) continue;
    for (u32 k = 0; k < count * forms[i].percent / 100; k++) one_vector(&forms[i]);
  }
}
