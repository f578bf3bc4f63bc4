// Every integer instruction form that user mode can execute, or is refused to it, without the result depending on the host's
// operating system: one entry an opcode and, for groups, a value of ModRM.reg.
#pragma once
#include "format.h"

enum { MAP_1, MAP_0F, MAP_0F38, MAP_0F01 }; // MAP_0F01: the byte after 0F 01 is the whole rest
enum { IN_64 = 1, IN_32 = 2, BOTH = 3 };

// kind: M ModRM  b imm8  w imm16  z imm16/32  v imm16/32/64  a moffs  e imm16 imm8 (ENTER)
//       m memory only  r registers only  l lockable  T bit offset in a register  R string  S uses the stack  J jumps where r/m says
//       D divides  X compares rAX with r/m  A memory must be aligned to 16
//       of x87 forms what lies in memory: f g h single, double, extended  i j k integer of 2, 4, 8 bytes  B BCD  C control word
//       E V environment, state; 0 1 mostly rm 0 or 1
typedef struct {
  u8 map, op, prefix, modes; // prefix: 66, F2 or F3 where the form needs one
  int reg;                   // ModRM.reg, or -1
  const char *kind;
} Form;

static Form forms[1024];
static int form_count;

static void form(int map, int op, const char *kind, int reg, int prefix, int modes) {
  forms[form_count++] = (Form){(u8)map, (u8)op, (u8)prefix, (u8)modes, reg, kind};
}
static void span(int map, int first, int last, const char *kind, int modes) {
  for (int op = first; op <= last; op++) form(map, op, kind, -1, 0, modes);
}
static void group(int map, int op, const char *kind, const char *regs, int modes) {
  for (; *regs; regs++) form(map, op, kind, *regs - '0', 0, modes);
}

static void one_byte_forms(void) {
  for (int op = 0; op < 0x40; op += 8) {
    span(MAP_1, op, op + 1, op == 0x38 ? "M" : "Ml", BOTH);
    span(MAP_1, op + 2, op + 3, "M", BOTH);
    form(MAP_1, op + 4, "b", -1, 0, BOTH);
    form(MAP_1, op + 5, "z", -1, 0, BOTH);
  }
  for (int op = 0x06; op <= 0x1e; op += 8) form(MAP_1, op, "S", -1, 0, BOTH); // PUSH sreg
  for (int op = 0x27; op <= 0x3f; op += 8) form(MAP_1, op, "", -1, 0, BOTH);  // decimal
  span(MAP_1, 0x40, 0x4f, "", IN_32);
  span(MAP_1, 0x50, 0x61, "S", BOTH);
  form(MAP_1, 0x62, "Mm", -1, 0, IN_32);
  form(MAP_1, 0x63, "M", -1, 0, BOTH);
  form(MAP_1, 0x68, "zS", -1, 0, BOTH);
  form(MAP_1, 0x69, "Mz", -1, 0, BOTH);
  form(MAP_1, 0x6a, "bS", -1, 0, BOTH);
  form(MAP_1, 0x6b, "Mb", -1, 0, BOTH);
  span(MAP_1, 0x6c, 0x6f, "R", BOTH);
  span(MAP_1, 0x70, 0x7f, "b", BOTH);
  group(MAP_1, 0x80, "Mbl", "01234567", BOTH);
  group(MAP_1, 0x81, "Mzl", "01234567", BOTH);
  group(MAP_1, 0x82, "Mbl", "01234567", IN_32);
  group(MAP_1, 0x83, "Mbl", "01234567", BOTH);
  span(MAP_1, 0x84, 0x85, "M", BOTH);
  span(MAP_1, 0x86, 0x87, "Ml", BOTH);
  span(MAP_1, 0x88, 0x8d, "M", BOTH);
  group(MAP_1, 0x8f, "MS", "0", BOTH);
  span(MAP_1, 0x90, 0x99, "", BOTH);
  form(MAP_1, 0x90, "", -1, 0xf3, BOTH); // PAUSE
  span(MAP_1, 0x9c, 0x9d, "S", BOTH);
  span(MAP_1, 0x9e, 0x9f, "", BOTH);
  span(MAP_1, 0xa0, 0xa3, "a", BOTH);
  span(MAP_1, 0xa4, 0xa7, "R", BOTH);
  form(MAP_1, 0xa8, "b", -1, 0, BOTH);
  form(MAP_1, 0xa9, "z", -1, 0, BOTH);
  span(MAP_1, 0xaa, 0xaf, "R", BOTH);
  span(MAP_1, 0xb0, 0xb7, "b", BOTH);
  span(MAP_1, 0xb8, 0xbf, "v", BOTH);
  for (int op = 0xc0; op <= 0xc1; op++) group(MAP_1, op, "Mb", "01234567", BOTH);
  form(MAP_1, 0xc2, "wS", -1, 0, BOTH);
  form(MAP_1, 0xc3, "S", -1, 0, BOTH);
  group(MAP_1, 0xc6, "Mb", "0", BOTH);
  group(MAP_1, 0xc7, "Mz", "0", BOTH);
  form(MAP_1, 0xc8, "eS", -1, 0, BOTH);
  form(MAP_1, 0xc9, "S", -1, 0, BOTH);
  form(MAP_1, 0xce, "", -1, 0, BOTH);
  for (int op = 0xd0; op <= 0xd3; op++) group(MAP_1, op, "M", "01234567", BOTH);
  span(MAP_1, 0xd4, 0xd5, "b", BOTH);
  form(MAP_1, 0xd7, "", -1, 0, BOTH);
  span(MAP_1, 0xe0, 0xe7, "b", BOTH);
  form(MAP_1, 0xe8, "zS", -1, 0, BOTH);
  form(MAP_1, 0xe9, "z", -1, 0, BOTH);
  form(MAP_1, 0xeb, "b", -1, 0, BOTH);
  span(MAP_1, 0xec, 0xef, "", BOTH);
  span(MAP_1, 0xf4, 0xf5, "", BOTH);
  group(MAP_1, 0xf6, "Mb", "01", BOTH);
  group(MAP_1, 0xf7, "Mz", "01", BOTH);
  for (int op = 0xf6; op <= 0xf7; op++) {
    group(MAP_1, op, "Ml", "23", BOTH);
    group(MAP_1, op, "M", "45", BOTH);
    group(MAP_1, op, "MD", "67", BOTH);
  }
  span(MAP_1, 0xf8, 0xfd, "", BOTH);
  group(MAP_1, 0xfe, "Ml", "01", BOTH);
  group(MAP_1, 0xff, "Ml", "01", BOTH);
  group(MAP_1, 0xff, "MJS", "24", BOTH);
  group(MAP_1, 0xff, "MS", "6", BOTH);
}

static void two_byte_forms(void) {
  group(MAP_0F, 0x00, "M", "23", BOTH); // from here to 32: privileged
  group(MAP_0F, 0x01, "Mm", "2367", BOTH);
  for (int op = 0x06; op <= 0x09; op += op == 0x06 ? 2 : 1) form(MAP_0F, op, "", -1, 0, BOTH);
  for (int op = 0x20; op <= 0x23; op++) group(MAP_0F, op, "Mr", "0237", BOTH);
  form(MAP_0F, 0x30, "", -1, 0, BOTH);
  form(MAP_0F, 0x32, "", -1, 0, BOTH);
  form(MAP_0F, 0x0b, "", -1, 0, BOTH);
  form(MAP_0F, 0x0d, "M", -1, 0, BOTH);
  span(MAP_0F, 0x18, 0x1f, "M", BOTH);
  span(MAP_0F, 0x40, 0x4f, "M", BOTH);
  span(MAP_0F, 0x80, 0x8f, "z", BOTH);
  span(MAP_0F, 0x90, 0x9f, "M", BOTH);
  form(MAP_0F, 0xa0, "S", -1, 0, BOTH);
  form(MAP_0F, 0xa8, "S", -1, 0, BOTH);
  form(MAP_0F, 0xa3, "MT", -1, 0, BOTH);
  for (int op = 0xab; op <= 0xbb; op += 8) form(MAP_0F, op, "MTl", -1, 0, BOTH);
  form(MAP_0F, 0xa4, "Mb", -1, 0, BOTH);
  form(MAP_0F, 0xa5, "M", -1, 0, BOTH);
  form(MAP_0F, 0xac, "Mb", -1, 0, BOTH);
  form(MAP_0F, 0xad, "M", -1, 0, BOTH);
  group(MAP_0F, 0xae, "Mr", "567", BOTH);
  group(MAP_0F, 0xae, "Mm", "7", BOTH);
  form(MAP_0F, 0xae, "Mr", 0, 0xf3, BOTH);
  form(MAP_0F, 0xae, "Mr", 1, 0xf3, BOTH);
  form(MAP_0F, 0xaf, "M", -1, 0, BOTH);
  span(MAP_0F, 0xb0, 0xb1, "MXl", BOTH);
  span(MAP_0F, 0xb6, 0xb7, "M", BOTH);
  form(MAP_0F, 0xb8, "M", -1, 0xf3, BOTH);
  group(MAP_0F, 0xba, "Mbl", "4567", BOTH);
  for (int op = 0xbc; op <= 0xbd; op++) form(MAP_0F, op, "M", -1, 0, BOTH), form(MAP_0F, op, "M", -1, 0xf3, BOTH);
  span(MAP_0F, 0xbe, 0xbf, "M", BOTH);
  span(MAP_0F, 0xc0, 0xc1, "Ml", BOTH);
  form(MAP_0F, 0xc3, "Mm", -1, 0, BOTH);
  group(MAP_0F, 0xc7, "MmXAl", "1", BOTH);
  span(MAP_0F, 0xc8, 0xcf, "", BOTH);
  span(MAP_0F38, 0xf0, 0xf1, "Mm", BOTH);
  form(MAP_0F38, 0x82, "Mm", -1, 0x66, BOTH);
  form(MAP_0F01, 0xca, "", -1, 0, BOTH);
  form(MAP_0F01, 0xcb, "", -1, 0, BOTH);
  form(MAP_0F01, 0xf8, "", -1, 0, BOTH);
}

// Every x87 form.
static void x87_forms(void) {
  static const char *memory[8][8] = {
      {"f", "f", "f", "f", "f", "f", "f", "f"}, {"f", "", "s", "s", "E", "C", "s", "s"},
      {"j", "j", "j", "j", "j", "j", "j", "j"}, {"j", "s", "s", "s", "", "h", "", "s"},
      {"g", "g", "g", "g", "g", "g", "g", "g"}, {"g", "s", "s", "s", "V", "", "s", "s"},
      {"i", "i", "i", "i", "i", "i", "i", "i"}, {"i", "s", "s", "s", "B", "k", "s", "s"},
  };
  static char kinds[64][8];
  for (int op = 0xd8; op <= 0xdf; op++)
    for (int reg = 0; reg < 8; reg++) {
      char *kind = kinds[(op & 7) * 8 + reg];
      sprintf(kind, "Mm%s", memory[op & 7][reg]);
      form(MAP_1, op, kind, reg, 0, BOTH);
      // where each rm is another instruction, more; where one is all there is, mostly that
      int fan = op == 0xd9 ? reg >= 4 : op == 0xdb && reg == 4;
      int only = (op == 0xda && reg == 5) || (op == 0xde && reg == 3) ? 1 : (op == 0xd9 && reg == 2) || (op == 0xdf && reg == 4) ? 0 : -1;
      for (int n = fan ? 5 : 1; n > 0; n--) form(MAP_1, op, only == 1 ? "Mr1" : only == 0 ? "Mr0" : "Mr", reg, 0, BOTH);
    }
  form(MAP_1, 0x9b, "", -1, 0, BOTH);
}
