// The text format of vectors, the states it describes, and the generators of numbers that its reader repeats.
//
//   m=64|32|16|16w c=<code> k=<seed> [ax=… r15=…] [fl=…] [M=<address>:<bytes>]… -> [ax=…] [ip=…] [fl=…] [n=…] [x=…] [cs=…]… [fb=…] [gb=…] [W=<address>:…]…
//
// m: 64-bit code; 32-bit code; 16-bit code whose data segment is the data window; 16-bit code whose data segment has 64 KiB,
// the last and the first page of which are the window. All numbers are hexadecimal. Before: registers are what seeded_registers(k)
// gives unless written; ip is CODE_BASE + CODE_OFF (16-bit code: CODE_OFF); data memory is template_byte unless written with M. After: what changed; ip when it is not the next
// instruction (or, with x, not this one); n steps of a REP; x=<vector>[:<error code>[:<CR2>]]; selectors that changed; fb and gb,
// bases of FS and GS that changed; W runs of changed memory.
//
// x87 vectors have f=<seed> before, for the state that seeded_x87 gives, and after what changed of it: cw sw tw, the abridged
// tags, p0 to p7, and while an exception is pending fo fi fd, the opcode, instruction and data pointers.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define CODE_BASE 0x10000000u
#define CODE_OFF 0x800u // the instruction under test starts here
#define DATA_BASE 0x20000000u
#define DATA_SIZE 0x2000u
#define WIDE_BASE (DATA_BASE - 0xf000u) // of the segment of 64 KiB: the window begins at its offset F000h
#define GS_OFFSET 0x1000u // in 64-bit code FS is based at DATA_BASE, GS at DATA_BASE + GS_OFFSET

enum { AX, CX, DX, BX, SP, BP, SI, DI };
enum { M64, M32, M16, M16W, MODES };
static const char *mode_name[] = {"64", "32", "16", "16w"};
static const char *register_name[16] = {"ax", "cx", "dx",  "bx",  "sp",  "bp",  "si",  "di",
                                        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};

#include "x87.h"

typedef struct {
  int mode, len;
  u8 code[16];
  u32 seed;
  u64 seeded[16], r[16], ip, fl;
  int with_x87;
  u32 x87_seed;
  X87 f;
  int patches;
  struct {
    u32 addr;
    int len;
    u8 bytes[64];
  } patch[4];
} Vector;

enum { ES, CS, SS, DS, FS, GS, SEGMENTS };
static const char *segment_name[SEGMENTS] = {"es", "cs", "ss", "ds", "fs", "gs"};

typedef struct {
  u16 selectors_before[SEGMENTS], selectors[SEGMENTS];
  u64 bases_before[2], bases[2]; // of FS and GS
  u64 r[16], ip, fl, err, cr2;
  int exception, steps; // exception -1: none
  X87 f;
} Result;

static inline int registers_of(int mode) { return mode == M64 ? 16 : 8; }
static inline int is_16(int mode) { return mode == M16 || mode == M16W; }
static inline u32 data_segment(int mode) { return mode == M16 ? DATA_BASE : mode == M16W ? WIDE_BASE : 0; }
static inline u64 width_mask(int mode) { return mode == M64 ? ~0ull : 0xffffffffull; }

// ── numbers ──

static void seeded_registers(u32 seed, u64 mask, u64 r[16]) {
  static const u64 corner[] = {
      0x7f,         0x80,         0xff,          0x100,
      0x7fff,       0x8000,       0xffff,        0x10000,
      0x7fffffff,   0x80000000,   0xffffffff,    0x100000000ull,
      ~0ull >> 1,   1ull << 63,   ~0ull,         0x5555555555555555ull,
      0xaaaaaaaaaaaaaaaaull, 0x0123456789abcdefull, 0xfffffffffffffffeull, 0,
  };
  u32 s = seed;
  for (int i = 0; i < 16; i++) {
    u32 kind = xorshift32(&s) >> 29, low = xorshift32(&s), high = xorshift32(&s);
    u64 x = kind == 0   ? corner[low % (sizeof corner / 8)]
            : kind == 1 ? (low & 63)
            : kind == 2 ? ~(u64)(low & 63)
            : kind == 3 ? (u64)(int64_t)(int32_t)low
                        : ((u64)high << 32) | low;
    r[i] = x & mask;
  }
}

// Data memory before each instruction; off from DATA_BASE.
static u8 template_byte(u32 seed, u32 off) {
  u32 z = (off >> 2) * 0x9E3779B9u + seed;
  z ^= z >> 16;
  z *= 0x85EBCA6Bu;
  z ^= z >> 13;
  z *= 0xC2B2AE35u;
  z ^= z >> 16;
  return (u8)(z >> ((off & 3) * 8));
}

// ── printing ──

static char out[1 << 16];
static int out_len;
static void flush_out(void) {
  fwrite(out, 1, out_len, stdout);
  out_len = 0;
}
static void put(const char *s) {
  while (*s) out[out_len++] = *s++;
}
static void put_number(u64 x) { out_len += sprintf(out + out_len, "%llx", (unsigned long long)x); }
static void put_bytes(const u8 *b, int n) {
  for (int i = 0; i < n; i++) out_len += sprintf(out + out_len, "%02x", b[i]);
}
static void put_pair(const char *key, u64 x) {
  put(" ");
  put(key);
  put("=");
  put_number(x);
}
static void put_run(const char *key, u32 addr, const u8 *b, int n) {
  put_pair(key, addr);
  put(":");
  put_bytes(b, n);
}

static void print_vector(const Vector *v) {
  put("m=");
  put(mode_name[v->mode]);
  put(" c=");
  put_bytes(v->code, v->len);
  put_pair("k", v->seed);
  for (int i = 0; i < registers_of(v->mode); i++)
    if (v->r[i] != v->seeded[i]) put_pair(register_name[i], v->r[i]);
  put_pair("fl", v->fl);
  if (v->with_x87) put_pair("f", v->x87_seed);
  for (int i = 0; i < v->patches; i++) put_run("M", v->patch[i].addr, v->patch[i].bytes, v->patch[i].len);
}

// An exception that has an error code (SDM vol. 3, "Exception and Interrupt Vectors").
static int has_error_code(int vector) { return (vector >= 10 && vector <= 14) || vector == 17; }

static void print_x87(const X87 *f, const X87 *g) {
  if (g->cw != f->cw) put_pair("cw", g->cw);
  if (g->sw != f->sw) put_pair("sw", g->sw);
  if (g->tags != f->tags) put_pair("tw", g->tags);
  if (g->op != f->op) put_pair("fo", g->op);
  if (g->ip != f->ip) put_pair("fi", g->ip);
  if (g->dp != f->dp) put_pair("fd", g->dp);
  for (int n = 0; n < 8; n++) {
    if (!memcmp(g->r[n], f->r[n], 10)) continue;
    char key[] = {'p', (char)('0' + n), 0};
    put(" ");
    put(key);
    put("=");
    for (int i = 9; i >= 0; i--) put_bytes(&g->r[n][i], 1);
  }
}

static void print_result(const Vector *v, const Result *q) {
  put(" ->");
  for (int i = 0; i < registers_of(v->mode); i++)
    if (q->r[i] != v->r[i]) put_pair(register_name[i], q->r[i]);
  if (q->ip != (q->exception < 0 ? v->ip + v->len : v->ip)) put_pair("ip", q->ip);
  if (q->fl != v->fl) put_pair("fl", q->fl);
  if (v->with_x87) print_x87(&v->f, &q->f);
  if (q->steps > 1) put_pair("n", q->steps);
  if (q->exception >= 0) put_pair("x", q->exception);
  if (has_error_code(q->exception)) put(":"), put_number(q->err);
  if (q->exception == 14) put(":"), put_number(q->cr2);
  for (int s = 0; s < SEGMENTS; s++)
    if (q->selectors[s] != q->selectors_before[s]) put_pair(segment_name[s], q->selectors[s]);
  if (q->bases[0] != q->bases_before[0]) put_pair("fb", q->bases[0]);
  if (q->bases[1] != q->bases_before[1]) put_pair("gb", q->bases[1]);
}

// ── parsing: the part before the arrow ──

static int parse_bytes(const char *s, u8 *b, int max) {
  int n = 0;
  for (unsigned x; n < max && sscanf(s + 2 * n, "%2x", &x) == 1; n++) b[n] = (u8)x;
  return n;
}

static int parse_vector(char *line, Vector *v) {
  memset(v, 0, sizeof *v);
  v->mode = -1;
  v->fl = 0x202;
  char *arrow = strstr(line, "->");
  if (arrow) *arrow = 0;
  for (char *t = strtok(line, " \n"); t; t = strtok(0, " \n")) {
    char *value = strchr(t, '=');
    if (!value) continue;
    *value++ = 0;
    u64 x = strtoull(value, 0, 16);
    if (!strcmp(t, "m")) {
      for (int i = 0; i < MODES; i++)
        if (!strcmp(value, mode_name[i])) v->mode = i;
    } else if (!strcmp(t, "c")) v->len = parse_bytes(value, v->code, 15);
    else if (!strcmp(t, "k")) {
      v->seed = (u32)x;
      seeded_registers(v->seed, width_mask(v->mode), v->seeded);
      memcpy(v->r, v->seeded, sizeof v->r);
    } else if (!strcmp(t, "fl")) v->fl = x;
    else if (!strcmp(t, "f")) {
      v->with_x87 = 1;
      v->x87_seed = (u32)x;
      seeded_x87(v->x87_seed, &v->f);
    } else if (!strcmp(t, "M") && v->patches < 4) {
      v->patch[v->patches].addr = (u32)x;
      v->patch[v->patches].len = parse_bytes(strchr(value, ':') + 1, v->patch[v->patches].bytes, 64);
      v->patches++;
    } else
      for (int i = 0; i < 16; i++)
        if (!strcmp(t, register_name[i])) v->r[i] = x;
  }
  v->ip = is_16(v->mode) ? CODE_OFF : CODE_BASE + CODE_OFF;
  return v->mode >= 0 && v->len > 0;
}
