/* Faults and traps in ring 0: vector, error code and the instruction they point to. */
#include "kernel/check.h"
#include "kernel32/machine.h"

/* Each body's first instruction is the one that traps, unless it says otherwise. */
#define BODY(name, text) __attribute__((naked)) static void name(uintptr_t unused) { (void)unused; __asm__(text); }

BODY(divide_by_zero, "divl zero; ret; zero: .long 0")
BODY(quotient_too_large, "idivl minus_one; ret; minus_one: .long -1")
BODY(undefined, "ud2; ret")
BODY(undefined_lock, ".byte 0xf0, 0x90; ret") /* LOCK NOP */
BODY(undefined_mov_cs, ".byte 0x8e, 0xc8; ret") /* MOV CS, AX */
BODY(too_long, ".fill 15, 1, 0x2e; nop; ret") /* over 15 bytes */
BODY(load_bad_selector, "movl %eax, %ds; ret")
BODY(load_bad_stack, "movl %eax, %ss; ret")
BODY(software_interrupt, "int $0x33; ret")
BODY(bad_cr0, "movl %eax, %cr0; ret")
BODY(bad_cr4, "movl %eax, %cr4; ret")
BODY(overflow_trap, "movb $0x7f, %al; incb %al; into; .globl overflow_end; overflow_end: ret")
BODY(bound_range, "boundl %eax, bounds; ret; bounds: .long 10, 20")

static void expect_trap(body *fn, uintptr_t vector, uintptr_t error) {
  EXPECT(seen.vector, vector);
  EXPECT(seen.error, error);
  EXPECT(seen.ip, fn);
  EXPECT(seen.cs, KERNEL_CODE);
}

/* Calls with EAX, EDX set: the bodies are naked, so this is where their inputs come from. */
static body *body_now;
static uint32_t eax_now, edx_now;
static void with_registers(uintptr_t unused) {
  (void)unused;
  __asm__ volatile("call *%2" : : "a"(eax_now), "d"(edx_now), "r"(body_now) : "memory", "cc");
}

static void try(body *fn, uint32_t eax, uint32_t edx, uintptr_t vector, uintptr_t error) {
  body_now = fn, eax_now = eax, edx_now = edx;
  attempt(with_registers, 0);
  expect_trap(fn, vector, error);
}

static void de(void) {
  try(divide_by_zero, 5, 0, DE, 0);
  try(quotient_too_large, 0x80000000, 0xffffffff, DE, 0);
}

static void ud(void) {
  try(undefined, 0, 0, UD, 0);
  try(undefined_lock, 0, 0, UD, 0);
  try(undefined_mov_cs, KERNEL_CODE, 0, UD, 0);
}

static void gp(void) {
  try(too_long, 0, 0, GP, 0);
  try(load_bad_selector, 0x78, 0, GP, 0x78);      /* a null descriptor in the table */
  try(load_bad_selector, 0x3f8, 0, GP, 0x3f8);    /* beyond its limit */
  try(load_bad_selector, EXEC_ONLY, 0, GP, EXEC_ONLY);
  try(load_bad_selector, TSS_SEGMENT, 0, GP, TSS_SEGMENT);
  try(load_bad_stack, 0, 0, GP, 0);
  try(load_bad_stack, USER_DATA, 0, GP, USER_DATA & ~3);
  try(load_bad_stack, READ_ONLY, 0, GP, READ_ONLY);
}

static void control_bits(void) {
  uint32_t cr4 = read_cr4();
  try(bad_cr4, cr4 | 1 << 15, 0, GP, 0);
  EXPECT(read_cr4(), cr4);
  write_cr4(cr4);
}

/* NW without CD is no cache mode. SDM vol. 3, "Control Registers". */
static void cache_mode(void) {
  uint32_t cr0 = read_cr0();
  try(bad_cr0, (cr0 & ~0x40000000u) | 0x20000000, 0, GP, 0);
  write_cr0(cr0);
}

static void np_ss(void) {
  try(load_bad_selector, ABSENT_DATA, 0, NP, ABSENT_DATA);
  try(load_bad_stack, ABSENT_DATA, 0, SS, ABSENT_DATA);
}

static void of_br(void) {
  extern const char overflow_end[];
  attempt(overflow_trap, 0);
  EXPECT(seen.vector, OF);
  EXPECT(seen.ip, overflow_end); /* a trap: it points behind INTO */
  try(bound_range, 9, 0, BR, 0);
  try(bound_range, 21, 0, BR, 0);
  body_now = bound_range, eax_now = 20;
  attempt(with_registers, 0);
  EXPECT(seen.vector, NO_TRAP);
}

/* INT n through a gate that is not present. */
static void np_gate(void) {
  gate_present(0x33, 0);
  try(software_interrupt, 0, 0, NP, 0x33 * 8 + 2);
  gate_present(0x33, 1);
  attempt(software_interrupt, 0);
  EXPECT(seen.vector, 0x33);
  EXPECT(seen.ip, (uintptr_t)software_interrupt + 2);
}

/* #GP whose own gate is not present: a second contributory exception. SDM vol. 3, "Interrupt 8". */
static void double_fault(void) {
  gate_present(GP, 0);
  body_now = load_bad_selector, eax_now = EXEC_ONLY;
  attempt(with_registers, 0);
  gate_present(GP, 1);
  EXPECT(seen.vector, DF);
  EXPECT(seen.error, 0);
}

void exception_checks(void) {
  static const struct check list[] = {
    { "de", de }, { "ud", ud }, { "gp", gp }, { "cr4-reserved", control_bits }, { "cr0-nw-without-cd", cache_mode },
    { "np-ss", np_ss }, { "of-br", of_br }, { "np-gate", np_gate }, { "df", double_fault },
  };
  CHECKS_RUN(list);
}
