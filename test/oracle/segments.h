// Loads of segment registers, far transfers, and what asks about selectors, over an LDT of every kind of segment that ring 3 can
// have. Selectors are null, of the LDT with any RPL, or beyond a table's limit: those of Linux's own GDT would tell about Linux. 64-bit
// code goes to the three of them that user code runs in, too: no LDT of Linux's has 64-bit code.
#pragma once
#include "generate.h"

enum { BIG = 1, PAGES = 2, READ_EXEC_ONLY = 4, ABSENT = 8 };
enum { DATA, DOWN, CODE, EMPTY }; // Linux gives no conforming segments

// The first three are those of 16-bit code. test/hardware/machine.ts has the same table.
static const struct {
  u32 base, limit;
  int contents, flags;
} ldt[] = {
    {CODE_BASE, 0xffff, CODE, 0},
    {DATA_BASE, DATA_SIZE - 1, DATA, 0},
    {WIDE_BASE, 0xffff, DATA, 0},
    {0, 0xfffff, CODE, BIG | PAGES},
    {0, 0, EMPTY, 0},
    {CODE_BASE, 0xffff, CODE, READ_EXEC_ONLY},
    {CODE_BASE, 0x8ff, CODE, BIG},
    {CODE_BASE, 0xffff, CODE, ABSENT},
    {0, 0, EMPTY, 0},
    {DATA_BASE, 0xfff, DATA, READ_EXEC_ONLY},
    {DATA_BASE, 0xfff, DOWN, 0},
    {DATA_BASE, 0xfff, DOWN, BIG | READ_EXEC_ONLY},
    {DATA_BASE, 1, DATA, BIG | PAGES},
    {DATA_BASE, 0x1fff, DATA, ABSENT},
    {0, 0xfffff, DATA, BIG | PAGES},
};
enum { PALETTE = sizeof ldt / sizeof *ldt };

enum { USER32 = 0x23, USER_DATA = 0x2b, USER64 = 0x33 };

static u16 selector(const Gen *g) {
  static const u16 user[] = {USER32, USER_DATA, USER64, USER64};
  if (one_in(10)) return (u16)below(4);
  if (g->is64 && one_in(3)) return (u16)(user[below(4)] - (one_in(8) ? below(4) : 0));
  if (one_in(12)) return (u16)(0x8000 | random64());
  if (one_in(12)) return (u16)((PALETTE + below(200)) << 3 | 4 | below(4));
  return (u16)(below(PALETTE) << 3 | 4 | (one_in(5) ? below(4) : 3));
}

// An operand at an address of its own: by SIB in 64-bit code, where the short form is relative to RIP.
static void memory_operand(Gen *g, int reg, u64 at) {
  int is_16 = g->address_size == 2;
  byte(g, reg << 3 | (is_16 ? 6 : g->is64 ? 4 : 5));
  if (g->is64) byte(g, 0x25);
  bytes(g, at, is_16 ? 2 : 4);
}

// A far pointer in memory: offset, then selector.
static void far_pointer(Gen *g, u64 at, u32 offset, u16 s) {
  u8 b[6];
  memcpy(b, &offset, 4);
  memcpy(b + g->data_size, &s, 2);
  patch(g, at, b, g->data_size + 2);
}

static u64 far_offset(Gen *g) {
  u64 offset = below(4) ? below(0x10000) : below(2) ? CODE_BASE + below(0x10000) : (u32)random64();
  if (g->is64 && below(4)) offset = CODE_BASE + below(0x10000);
  if (g->data_size == 8 && one_in(12)) offset = random64();
  return g->data_size == 2 ? offset & 0xffff : offset;
}

static void stack_items(Gen *g, int count, int size, const u64 *items) {
  u8 b[40];
  for (int i = 0; i < count; i++) memcpy(b + i * size, &items[i], size);
  patch(g, g->v->r[SP], b, count * size);
}

// r/m16 with the selector in it: memory, or register rm.
static void selector_operand(Gen *g, int reg, int rm, u64 at, u32 s) {
  if (below(2)) {
    memory_operand(g, reg, at);
    patch(g, at, &s, 2);
    return;
  }
  byte(g, 0xc0 | reg << 3 | rm);
  g->v->r[rm] = (g->v->r[rm] & 0xffff0000) | s;
}

// What 64-bit code has of them. LFS and its kin and far JMP and CALL have no 64-bit offsets on AMD's processors: without REX.W.
static void segment_form_64(Gen *g, int p66) {
  static const int loadable[] = {ES, SS, DS, FS, GS};
  Vector *v = g->v;
  int kind = below(9), s = loadable[below(5)], rm = below(8), rex = kind != 2 && kind < 6 && below(2) ? 8 : 0;
  if (kind > 6 && below(2)) rex = 8;
  g->data_size = rex ? 8 : p66 ? 2 : 4;
  if (rex) byte(g, 0x48);
  u64 at = g->base + 0x100 + below(DATA_SIZE - 0x200);
  u64 items[5] = {far_offset(g), selector(g), (v->fl & ~0x400) | 0x100, g->base + 0x400 + below(0x1800), selector(g)};
  v->r[SP] = g->base + 0x400 + (below(0x1800) & ~7u);
  if (one_in(2)) items[4] = USER_DATA;
  switch (kind) {
  case 0: // MOV sreg
  case 5:
    byte(g, 0x8e);
    selector_operand(g, s, rm, at, (u16)items[1]);
    return;
  case 1: // POP FS, POP GS: 8 bytes, or 2
    bytes(g, below(2) ? 0xa10f : 0xa90f, 2);
    stack_items(g, 1, p66 && !rex ? 2 : 8, &items[1]);
    return;
  case 2: // LSS, LFS, LGS
    byte(g, 0x0f);
    byte(g, below(3) == 0 ? 0xb2 : 0xb4 + below(2));
    memory_operand(g, rm, at);
    far_pointer(g, at, (u32)random64(), (u16)items[1]);
    return;
  case 3: // LAR, LSL
    bytes(g, below(2) ? 0x020f : 0x030f, 2);
    selector_operand(g, rm, CX, at, (u16)items[1]);
    return;
  case 4: // VERR, VERW
    bytes(g, 0x000f, 2);
    selector_operand(g, 4 + below(2), CX, at, (u16)items[1]);
    return;
  case 6: // far JMP and CALL
    byte(g, 0xff);
    memory_operand(g, below(2) ? 5 : 3, at);
    far_pointer(g, at, (u32)items[0], (u16)items[1]);
    return;
  case 7: // far RET
    byte(g, below(2) ? 0xcb : 0xca);
    if (v->code[v->len - 1] == 0xca) bytes(g, below(64), 2);
    stack_items(g, 2, g->data_size, items);
    return;
  default: // IRET: SS:RSP are popped at any level
    byte(g, 0xcf);
    stack_items(g, 5, g->data_size, items);
  }
}

static void segment_form(Gen *g) {
  static const int loadable[] = {ES, SS, DS, FS, GS};
  Vector *v = g->v;
  u64 at = (g->base + 0x100 + below(DATA_SIZE - 0x200)) & (g->address_size == 2 ? 0xffff : ~0ull);
  u64 items[3] = {far_offset(g), selector(g), (v->fl & ~0x400) | 0x100};
  int s = loadable[below(5)], rm = below(8);
  v->r[SP] = (g->base + 0x400 + (below(0x1800) & ~7u)) & (g->v->mode == M16W ? 0xffff : ~0ull);
  switch (below(9)) {
  case 0: // MOV sreg
    byte(g, 0x8e);
    selector_operand(g, s, rm, at, (u16)items[1]);
    return;
  case 1: // POP sreg
    if (s >= FS) byte(g, 0x0f);
    byte(g, s == FS ? 0xa1 : s == GS ? 0xa9 : 0x07 | s << 3);
    stack_items(g, 1, g->data_size, &items[1]);
    return;
  case 2: // LES and its kin
    if (s == SS || s >= FS) byte(g, 0x0f);
    byte(g, s == ES ? 0xc4 : s == DS ? 0xc5 : s == SS ? 0xb2 : s == FS ? 0xb4 : 0xb5);
    memory_operand(g, rm, at);
    far_pointer(g, at, (u32)random64(), (u16)items[1]);
    return;
  case 3: // LAR, LSL
    bytes(g, below(2) ? 0x020f : 0x030f, 2);
    selector_operand(g, rm, CX, at, (u16)items[1]);
    return;
  case 4: // VERR, VERW
    bytes(g, 0x000f, 2);
    selector_operand(g, 4 + below(2), CX, at, (u16)items[1]);
    return;
  case 5: // far JMP and CALL
    byte(g, below(2) ? 0xea : 0x9a);
    bytes(g, items[0], g->data_size);
    bytes(g, items[1], 2);
    return;
  case 6:
    byte(g, 0xff);
    memory_operand(g, below(2) ? 5 : 3, at);
    far_pointer(g, at, (u32)items[0], (u16)items[1]);
    return;
  case 7: // far RET
    byte(g, below(2) ? 0xcb : 0xca);
    if (v->code[v->len - 1] == 0xca) bytes(g, below(64), 2);
    stack_items(g, 2, g->data_size, items);
    return;
  default: // IRET; TF in the image, or nothing would stop what is returned to
    byte(g, 0xcf);
    stack_items(g, 3, g->data_size, items);
  }
}

static void generate_segments(Vector *v, int mode) {
  memset(v, 0, sizeof *v);
  v->mode = mode;
  v->ip = is_16(mode) ? CODE_OFF : CODE_BASE + CODE_OFF;
  Gen g = {.v = v, .is64 = mode == M64, .mask = width_mask(mode), .base = mode == M16 ? 0 : mode == M16W ? 0xf000 : DATA_BASE};
  v->seed = (u32)random64() | 1;
  seeded_registers(v->seed, g.mask, v->seeded);
  memcpy(v->r, v->seeded, sizeof v->r);
  v->fl = 0x202 | (random64() & 0x8d5);
  int p66 = one_in(3);
  if (p66) byte(&g, 0x66);
  g.data_size = is_16(mode) != p66 ? 2 : 4;
  g.address_size = is_16(mode) ? 2 : 4;
  if (g.is64) g.address_size = 8, segment_form_64(&g, p66);
  else segment_form(&g);
}
