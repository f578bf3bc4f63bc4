// x87 state before an instruction: all of it follows from a seed, in a way that its reader repeats (test/hardware/x87-state.ts).
#pragma once

typedef struct {
  u8 r[8][10]; // R0…R7, not counted from TOP
  u16 cw, sw;
  u8 tags; // as FXSAVE has them: bit n is 0 when Rn is empty
  u64 ip, dp;
  u16 op;
} X87;

static u32 xorshift32(u32 *s) {
  *s ^= *s << 13;
  *s ^= *s >> 17;
  return *s ^= *s << 5;
}

// A double extended-precision number, or an encoding that is none, from the next four words.
static void seeded_float(u32 *s, u8 out[10]) {
  u32 kind = xorshift32(s) >> 27, sign = xorshift32(s) >> 31, low = xorshift32(s), high = xorshift32(s);
  u64 m = (u64)high << 32 | low, top = 1ull << 63;
  u32 e = 16383 + 32 - (low >> 16) % 64;
  switch (kind) {
  case 0: m = 0, e = 0; break;                                                      // zero
  case 1: m = (m & ~top) >> (high & 63), e = 0; break;                              // denormal
  case 2: m |= top, e = low & 1; break;                                             // pseudo-denormal, smallest normal numbers
  case 3: m = top, e = 0x7fff; break;                                               // infinity
  case 4: m |= 3ull << 62, e = 0x7fff; break;                                       // QNaN
  case 5: m = (m & ~(1ull << 62)) | top | 1, e = 0x7fff; break;                     // SNaN
  case 6: m &= ~top, e = low & 7 ? 1 + low % 0x7ffe : 0x7fff; break;                // unsupported
  case 7: m |= top, e = 0x7ffe - (low & 7); break;                                  // huge
  case 8: m |= top, e = 1 + (low & 63); break;                                      // tiny
  case 9: m |= top, e = high & 64 ? 16383 + 128 - (low & 3) : 16383 - 125 - (low & 31); break;   // at the limits of single precision
  case 10: m |= top, e = high & 64 ? 16383 + 1024 - (low & 3) : 16383 - 1021 - (low & 63); break; // of double precision
  case 11: case 12: m = top, e = 16383 + 8 - (low & 15); break;         // powers of two
  case 13: case 14: m = ~0ull << (low & 63) | top; break;                           // long runs of ones
  case 15: case 16: case 17: m = top | (m >> (low & 63) << (low & 63)), e = 16383 + (high & 63); break; // mostly integers
  case 18: case 19: m = (u64)((low & 1023) | 1024) << 53, e = 16383 + (high & 15); break; // small numbers with short fractions
  default: m |= top;
  }
  memcpy(out, &m, 8);
  out[8] = (u8)e;
  out[9] = (u8)(e >> 8 | sign << 7);
}

static void seeded_x87(u32 seed, X87 *f) {
  u32 s = seed ^ 0x5bd1e994, a = xorshift32(&s), b = xorshift32(&s), c = xorshift32(&s);
  static const u32 precision[8] = {3, 3, 3, 3, 3, 2, 2, 0};
  memset(f, 0, sizeof *f);
  f->cw = (u16)(0x40 | (a & 7 ? 0x3f : (a >> 3) & 0x3f) | precision[(a >> 9) & 7] << 8 | ((a >> 12) & 3) << 10);
  u32 top = (a >> 14) & 7, exceptions = a >> 17 & 3 ? 0 : (a >> 19) & 0x7f;
  f->sw = (u16)(exceptions | top << 11 | (b & 0x4700));
  if (f->sw & ~f->cw & 0x3f) f->sw |= 0x8080;
  // mostly the upper half of the stack is in use
  for (u32 n = 0; n < 8; n++) {
    int full = ((c >> (4 * n)) & 15) > (n < 4 ? 0u : n < 7 ? 10u : 12u);
    if (full) f->tags |= (u8)(1u << ((top + n) & 7));
  }
  for (int n = 0; n < 8; n++) seeded_float(&s, f->r[n]);
}
