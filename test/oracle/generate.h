// Random vectors: the forms in turn, each with random prefixes, operands and state. Memory operands are steered into the data
// window seven times of eight, often to the border between its pages and to its end.
#pragma once
#include "forms.h"

static u64 random_state[2] = {0x9E3779B97F4A7C15ull, 0xD1B54A32D192ED03ull};
static u64 random64(void) {
  u64 a = random_state[0], b = random_state[1];
  random_state[0] = b;
  a ^= a << 23;
  random_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return random_state[1] + b;
}
static u32 below(u32 n) { return (u32)((random64() >> 33) % n); }
static int one_in(u32 n) { return below(n) == 0; }

typedef struct {
  Vector *v;
  const Form *f;
  int is64, data_size, address_size, rex, immediate_bytes;
  u64 mask, base; // of registers; of the data window as the registers see it
} Gen;

static int has(const Gen *g, char kind) { return strchr(g->f->kind, kind) != 0; }
static void byte(Gen *g, int b) { g->v->code[g->v->len++] = (u8)b; }
static void bytes(Gen *g, u64 x, int n) {
  for (int i = 0; i < n; i++) byte(g, (int)(x >> (8 * i)));
}
static void patch(Gen *g, u64 addr, const void *b, int n) {
  Vector *v = g->v;
  u64 window = v->mode == M16W ? DATA_BASE + ((addr + 0x1000) & 0xffff) : addr + data_segment(v->mode);
  if (window < DATA_BASE || window + n > DATA_BASE + DATA_SIZE || v->patches == 4) return;
  v->patch[v->patches].addr = (u32)window;
  v->patch[v->patches].len = n;
  memcpy(v->patch[v->patches++].bytes, b, n);
}
// A place to jump to: mostly one that exists.
static u64 target(Gen *g) {
  return one_in(4) ? random64() & g->mask : (is_16(g->v->mode) ? 0 : CODE_BASE) + below(0x10000);
}

static u64 choose_address(Gen *g) {
  u64 at = g->base + 0x100 + below(DATA_SIZE - 0x200);
  if (one_in(4)) at = g->base + (below(2) ? 0xff0 : 0x1fe8) + below(32);
  if (has(g, 'A') && !one_in(4)) at &= ~15ull;
  return g->v->mode == M16W ? at & 0xffff : at;
}

// What the instruction finds at its memory operand, where chance alone would seldom be interesting.
static void prepare_memory(Gen *g, u64 at, int segment_base) {
  Vector *v = g->v;
  u64 linear = at + segment_base;
  if (has(g, 'J')) {
    u64 to = target(g);
    patch(g, linear, &to, 8);
  }
  if (has(g, 'X') && one_in(2)) {
    u64 wide[2] = {v->r[AX], v->r[DX]};
    if (has(g, 'A') && !(g->rex & 8)) wide[0] = (u32)v->r[AX] | v->r[DX] << 32;
    patch(g, linear, wide, has(g, 'A') ? 16 : 8);
  }
}

// An operand of x87 instructions: the formats of numbers, mostly such as matter.
static void prepare_x87(Gen *g, u64 linear) {
  u32 s = (u32)random64() | 1;
  u8 x[28];
  seeded_float(&s, x);
  u64 raw = random64();
  if (has(g, 'h')) patch(g, linear, x, 10);
  if (has(g, 'f') || has(g, 'g')) {
    // the fields of the extended number, its exponent moved into reach
    int bits = has(g, 'f') ? 8 : 11, fraction = has(g, 'f') ? 23 : 52, bias = (1 << (bits - 1)) - 1;
    u64 m, e = x[8] | (x[9] & 0x7f) << 8;
    memcpy(&m, x, 8);
    int moved = e == 0 || e == 0x7fff ? (int)e & ((1 << bits) - 1) : (int)e - 16383 + bias;
    if (moved < 0) moved = 0;
    if (moved > 2 * bias + 1) moved = 2 * bias;
    u64 value = (u64)(x[9] >> 7) << (bits + fraction) | (u64)moved << fraction | (m << 1) >> (64 - fraction);
    patch(g, linear, &value, bits + fraction == 31 ? 4 : 8);
  }
  if (has(g, 'i') || has(g, 'j') || has(g, 'k')) {
    int size = has(g, 'i') ? 2 : has(g, 'j') ? 4 : 8;
    if (one_in(2)) raw = (u64)((int64_t)raw >> (64 - below(8 * size) - 1));
    if (one_in(8)) raw = 0;
    patch(g, linear, &raw, size);
  }
  if (has(g, 'B')) {
    for (int i = 0; i < 9; i++) x[i] = (u8)(one_in(40) ? below(256) : below(10) << 4 | below(10));
    x[9] = (u8)(below(2) << 7 | (one_in(4) ? below(128) : 0));
    patch(g, linear, x, 10);
  }
  if (has(g, 'C') || has(g, 'E') || has(g, 'V')) {
    X87 f;
    seeded_x87(s, &f);
    u16 cw = one_in(4) ? (u16)raw : f.cw;
    patch(g, linear, &cw, 2);
    int size = g->data_size == 2 ? 2 : 4;
    if (!has(g, 'C')) patch(g, linear + size, &f.sw, 2), patch(g, linear + 2 * size, &raw, 2);
  }
}

static void memory_16(Gen *g, int mod, int rm, u64 at, int steer) {
  static const int base_of[8] = {BX, BX, BP, BP, SI, DI, BP, BX};
  Vector *v = g->v;
  if (mod == 0 && rm == 6) {
    bytes(g, steer ? at : random64(), 2);
    return;
  }
  int d = mod == 0 ? 0 : mod == 1 ? (signed char)random64() : (short)random64();
  bytes(g, d, mod);
  if (!steer) return;
  int base = base_of[rm];
  u64 index = rm < 4 ? v->r[rm & 1 ? DI : SI] : 0;
  v->r[base] = (v->r[base] & ~0xffffull) | ((at - d - index) & 0xffff);
}

static void memory_32(Gen *g, int mod, int rm, u64 at, int steer) {
  Vector *v = g->v;
  int base = rm | (g->rex & 1) << 3, index = -1, scale = 0, relative = 0;
  if (rm == 4) {
    int sib = random64() & 0xff;
    scale = sib >> 6;
    index = ((sib >> 3) & 7) | (g->rex & 2) << 2;
    if (index == 4) index = -1;
    base = (sib & 7) == 5 && mod == 0 ? -1 : (sib & 7) | (g->rex & 1) << 3;
    byte(g, sib);
  } else if (rm == 5 && mod == 0) {
    base = -1;
    relative = g->is64;
  }
  if (base == -1) {
    if (index >= 0 && steer) v->r[index] = below(16) * 4;
    u64 from = relative ? CODE_BASE + CODE_OFF + v->len + 4 + g->immediate_bytes : index >= 0 ? v->r[index] << scale : 0;
    bytes(g, steer ? at - from : random64(), 4);
    return;
  }
  int64_t d = mod == 1 ? (signed char)random64() : mod == 2 ? (int)random64() % (one_in(2) ? 4096 : 0x7fffffff) : 0;
  bytes(g, (u64)d, mod == 1 ? 1 : mod == 2 ? 4 : 0);
  if (!steer) return;
  // the base as its own index: solve for it where the scale lets one
  if (index == base) v->r[base] = ((at - d) >> scale) & g->mask;
  else v->r[base] = (at - d - (index >= 0 ? v->r[index] << scale : 0)) & g->mask;
}

static void modrm(Gen *g, int segment_base) {
  Vector *v = g->v;
  int reg = g->f->reg >= 0 ? g->f->reg : (int)below(8), rm = below(8);
  int mod = has(g, 'r') ? 3 : has(g, 'm') ? (int)below(3) : below(5) < 2 ? 3 : (int)below(3);
  if ((has(g, '0') || has(g, '1')) && !one_in(8)) rm = has(g, '1');
  if (g->f->map == MAP_1 && g->f->op == 0x8d && mod == 3 && !one_in(8)) mod = below(3);
  byte(g, mod << 6 | reg << 3 | rm);
  int full_reg = reg | (g->rex & 4) << 1, full_rm = rm | (g->rex & 1) << 3;
  u64 at = choose_address(g);
  if (has(g, 'T')) {
    v->r[full_reg] = one_in(2) ? below(4096) : -(u64)below(2048) & g->mask;
    if (mod != 3) at = g->base + 0x800 + below(0x400);
  }
  if (mod == 3) {
    if (has(g, 'J')) v->r[full_rm] = target(g);
    if (has(g, 'X') && one_in(2)) v->r[full_rm] = v->r[AX];
    return;
  }
  int steer = !one_in(8);
  if (g->address_size == 2) memory_16(g, mod, rm, at - segment_base, steer);
  else memory_32(g, mod, rm, at - segment_base, steer);
  if (!steer) return;
  prepare_memory(g, at - segment_base, segment_base);
  if (v->with_x87) prepare_x87(g, at);
}

// What 16-bit addresses, counts and stack pointers must neither use nor change.
static void upper_halves(Gen *g, int registers) {
  for (int r = 0; r < 8; r++)
    if ((registers >> r) & 1) g->v->r[r] = (g->v->r[r] & 0xffff) | (one_in(3) ? random64() & 0xffff0000 : 0);
}

static void string_state(Gen *g, int segment_base) {
  Vector *v = g->v;
  v->r[SI] = g->base + 0x200 + below(DATA_SIZE - 0x400) - segment_base;
  v->r[DI] = g->base + (one_in(6) ? 0x1ff0 + below(16) : 0x200 + below(DATA_SIZE - 0x400));
  v->r[CX] = one_in(16) ? 0 : below(24);
  if (v->mode == M16W && one_in(3)) v->r[one_in(2) ? SI : DI] = g->base + 0xff0 + below(32);
  if (is_16(v->mode)) upper_halves(g, (1 << SI) | (1 << DI) | (1 << CX));
  if (g->f->op <= 0xa7 && one_in(3)) v->r[DI] = v->r[SI] + segment_base; // CMPS finds equals
  if (g->f->op >= 0xae && one_in(3)) {                                    // so does SCAS
    u64 same[8];
    for (int i = 0; i < 8; i++) same[i] = v->r[AX];
    patch(g, v->r[DI] - (v->fl & 0x400 ? 32 : 0), same, 64);
  }
}

static void stack_state(Gen *g) {
  Vector *v = g->v;
  v->r[SP] = g->base + 0x400 + below(0x1800);
  if (!one_in(8)) v->r[SP] &= ~7ull;
  if (one_in(12)) v->r[SP] = g->base + (below(2) ? 0x1ff0 + below(16) : below(64));
  if (g->f->op == 0xc2 || g->f->op == 0xc3) {
    u64 to = target(g);
    patch(g, v->r[SP], &to, 8);
  }
  if (g->f->op == 0xc8 || g->f->op == 0xc9) v->r[BP] = g->base + 0x100 + below(0x1e00);
  if (v->mode == M16W && one_in(3)) v->r[one_in(4) ? BP : SP] = g->base + 0xfe0 + below(64);
  if (is_16(v->mode)) upper_halves(g, (1 << SP) | (1 << BP));
}

static void immediates(Gen *g) {
  Vector *v = g->v;
  if (has(g, 'a')) bytes(g, choose_address(g), g->address_size);
  if (has(g, 'e')) {
    bytes(g, below(0x200), 2);
    byte(g, one_in(4) ? (int)random64() : (int)below(5));
  }
  bytes(g, random64(), g->immediate_bytes);
  if (g->immediate_bytes > 4) v->len -= 8, bytes(g, random64(), 8);
  if (g->immediate_bytes == 1 && one_in(3)) v->code[v->len - 1] = (u8)below(33);
}

static int try_generate(Gen *g) {
  Vector *v = g->v;
  const Form *f = g->f;
  int p66 = one_in(5), p67 = one_in(12), is16 = is_16(v->mode), segment = 0, segment_base = 0;
  v->len = v->patches = 0;
  v->seed = (u32)random64() | 1;
  seeded_registers(v->seed, g->mask, v->seeded);
  memcpy(v->r, v->seeded, sizeof v->r);
  v->fl = 0x202 | (random64() & 0x8d5) | (one_in(8) ? 0x400 : 0);
  if (v->with_x87) {
    v->x87_seed = (u32)random64() | 1;
    seeded_x87(v->x87_seed, &v->f);
  }
  if (has(g, 'D') && !one_in(4)) v->r[DX] = one_in(2) ? below(256) : (f->reg == 7 ? ~(u64)below(256) : 0) & g->mask;

  if (p66 || f->prefix == 0x66) byte(g, 0x66);
  if (p67) byte(g, 0x67);
  if (one_in(14)) {
    static const u8 override[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    segment = override[below(6)];
    byte(g, segment);
    if (g->is64 && segment == 0x64) segment_base = DATA_BASE;
    if (g->is64 && segment == 0x65) segment_base = DATA_BASE + GS_OFFSET;
  }
  if (has(g, 'l') ? one_in(5) : one_in(60)) byte(g, 0xf0);
  if (f->prefix > 0x66) byte(g, f->prefix);
  else if (has(g, 'R') ? one_in(2) : one_in(60)) byte(g, 0xf2 + below(2));
  g->rex = g->is64 && below(2) ? 0x40 | below(16) : 0;
  if (g->rex) byte(g, g->rex);
  if (f->map != MAP_1) byte(g, 0x0f);
  if (f->map == MAP_0F38) byte(g, 0x38);
  if (f->map == MAP_0F01) byte(g, 0x01);
  byte(g, f->op);

  g->data_size = g->rex & 8 ? 8 : is16 != p66 ? 2 : 4;
  g->address_size = g->is64 ? (p67 ? 4 : 8) : is16 != p67 ? 2 : 4;
  g->immediate_bytes = has(g, 'b') ? 1 : has(g, 'w') ? 2 : has(g, 'z') ? (g->data_size == 2 ? 2 : 4) : has(g, 'v') ? g->data_size : 0;
  if (has(g, 'S')) stack_state(g);
  if (has(g, 'R')) string_state(g, segment_base);
  if (f->map == MAP_1 && f->op == 0xd7) v->r[BX] = g->base + below(0x1f00) - segment_base;
  if (has(g, 'M')) modrm(g, segment_base);
  immediates(g);
  return v->len <= 15;
}

static void generate(Vector *v, int mode, int with_x87) {
  static int turn;
  memset(v, 0, sizeof *v);
  v->with_x87 = with_x87;
  v->mode = mode;
  v->ip = is_16(mode) ? CODE_OFF : CODE_BASE + CODE_OFF;
  Gen g = {.v = v, .is64 = mode == M64, .mask = width_mask(mode), .base = mode == M16 ? 0 : mode == M16W ? 0xf000 : DATA_BASE};
  do g.f = &forms[turn++ % form_count];
  while (!(g.f->modes & (g.is64 ? IN_64 : IN_32)));
  while (!try_generate(&g)) {}
}
