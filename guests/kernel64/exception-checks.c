/* Faults in ring 0: vector, error code, the instruction they point to, and the stack they are taken on. */
#include "kernel/check.h"
#include "kernel64/machine.h"

/* Each body's first instruction is the one that traps, unless it says otherwise; its argument is in RDI. */
#define BODY(name, text) __attribute__((naked)) static void name(uintptr_t arg) { (void)arg; __asm__(text); }
#define NON_CANONICAL 0x0000800000000000ull

BODY(divide_by_zero, "divq zero; ret; .data; zero: .quad 0; .text")
BODY(quotient_too_large, "movq %rdi, %rdx; divide_there: divq %rdi; .globl divide_there")
BODY(undefined, "ud2; ret")
BODY(undefined_lock, ".byte 0xf0, 0x90; ret")    /* LOCK NOP */
BODY(undefined_push_es, ".byte 0x06; ret")       /* not in 64-bit mode, as those that follow */
BODY(undefined_daa, ".byte 0x27; ret")
BODY(undefined_pusha, ".byte 0x60; ret")
BODY(undefined_aam, ".byte 0xd4, 0x0a; ret")
BODY(undefined_far_call, ".byte 0x9a, 0, 0, 0, 0, 8, 0; ret")
BODY(undefined_into, ".byte 0xce; ret")
BODY(read_at, "movq (%rdi), %rax; ret")
BODY(write_at, "movq %rax, (%rdi); ret")
BODY(push_at, "movq %rdi, %rsp; push_there: pushq %rax; .globl push_there")
BODY(read_base, "movq %rdi, %rbp; read_there: movq 8(%rbp), %rax; .globl read_there")
BODY(cmpxchg16, "lock cmpxchg16b (%rdi); ret")
BODY(load_selector, "movl %edi, %ds; ret")
BODY(load_stack_selector, "movl %edi, %ss; ret")
BODY(write_cr0_with, "movq %rdi, %cr0; ret")
BODY(write_cr4_with, "movq %rdi, %cr4; ret")
BODY(write_cr3_with, "movq %rdi, %cr3; ret")
BODY(write_gs_base, "movl $0xc0000101, %ecx; movq %rdi, %rax; movq %rdi, %rdx; shrq $32, %rdx; wrmsr; ret")
BODY(read_no_msr, "movl $0x12345678, %ecx; rdmsr; ret")
BODY(software_interrupt, "int $0x33; ret")
BODY(nmi, "int $2; ret")
BODY(bad_stack, "movq %rdi, %rsp; pushq %rax")
BODY(misaligned_stack, "pushq %rax; andq $-16, %rsp; subq $8, %rsp; movq %rsp, %rax; ud2")

static void try(body *fn, uintptr_t arg, uintptr_t vector, uintptr_t error) {
  attempt(fn, arg);
  EXPECT(seen.vector, vector);
  EXPECT(seen.error, error);
  EXPECT(seen.ip, fn);
  EXPECT(seen.cs, KERNEL_CODE);
  EXPECT(seen.ss, KERNEL_DATA);
}

static void de(void) {
  try(divide_by_zero, 0, DE, 0);
  extern const char divide_there[];
  attempt(quotient_too_large, 5);
  EXPECT(seen.vector, DE);
  EXPECT(seen.ip, divide_there);
}

static void ud(void) {
  static body *const list[] = {
    undefined, undefined_lock, undefined_push_es, undefined_daa, undefined_pusha, undefined_aam, undefined_far_call, undefined_into,
  };
  for (uint32_t n = 0; n < sizeof list / sizeof *list; n++) try(list[n], 0, UD, 0);
}

static void non_canonical(void) {
  try(read_at, NON_CANONICAL, GP, 0);
  try(read_at, 0xffff7fffffffffff, GP, 0);
  try(write_at, NON_CANONICAL, GP, 0);
}

/* Where RSP or RBP is the base it is #SS. */
static void non_canonical_stack(void) {
  extern const char push_there[], read_there[];
  gate_set(SS, trap_stubs[SS], 0, 2); /* for the stack itself is bad */
  attempt(push_at, NON_CANONICAL + 64);
  EXPECT(seen.vector, SS);
  EXPECT(seen.error, 0);
  EXPECT(seen.ip, push_there);
  EXPECT(seen.sp, NON_CANONICAL + 64);
  attempt(read_base, NON_CANONICAL);
  EXPECT(seen.vector, SS);
  EXPECT(seen.ip, read_there);
  gate_set(SS, trap_stubs[SS], 0, 0);
}

static void misaligned_16(void) {
  static uint64_t words[4] __attribute__((aligned(16)));
  try(cmpxchg16, (uintptr_t)words + 8, GP, 0);
}

static void selectors(void) {
  try(load_selector, 0x3f8, GP, 0x3f8);
  try(load_selector, ABSENT_DATA, NP, ABSENT_DATA);
  try(load_selector, TSS_SEGMENT, GP, TSS_SEGMENT);
  try(load_stack_selector, ABSENT_DATA, SS, ABSENT_DATA);
  try(load_stack_selector, KERNEL_CODE, GP, KERNEL_CODE);
  attempt(load_stack_selector, 0); /* in ring 0 of 64-bit mode SS may be null */
  EXPECT(seen.vector, NO_TRAP);
}

static void control_registers(void) {
  uint64_t cr0 = read_cr0(), cr4 = read_cr4();
  try(write_cr0_with, cr0 & ~0x80000000ull, GP, 0); /* PG, in 64-bit code */
  try(write_cr0_with, cr0 | 1ull << 32, GP, 0);
  try(write_cr4_with, cr4 & ~0x20ull, GP, 0);       /* PAE, in long mode */
  try(write_cr4_with, cr4 | 1ull << 31, GP, 0);
  try(write_cr3_with, read_cr3() | 1ull << 60, GP, 0);
  EXPECT(read_cr0(), cr0);
  EXPECT(read_cr4(), cr4);
}

static void model_specific(void) {
  attempt(write_gs_base, NON_CANONICAL);
  EXPECT(seen.vector, GP);
  attempt(read_no_msr, 0);
  EXPECT(seen.vector, GP);
  EXPECT(seen.error, 0);
}

static void np_gate(void) {
  gate_present(0x33, 0);
  try(software_interrupt, 0, NP, 0x33 * 8 + 2);
  gate_present(0x33, 1);
  attempt(software_interrupt, 0);
  EXPECT(seen.vector, 0x33);
  EXPECT(seen.ip, (uintptr_t)software_interrupt + 2);
}

static int on_stack(uint32_t n) {
  return seen.stack >= (uintptr_t)ist_stacks[n] && seen.stack + sizeof(struct frame) == (uintptr_t)(ist_stacks + n + 1);
}

/* A stack that is not there: #PF cannot be pushed, and #DF has a stack of its own. SDM vol. 3, "Interrupt Stack Table". */
static void double_fault_ist(void) {
  uint64_t missing = WINDOW + 300 * PAGE;
  window_set(missing - PAGE, 0);
  attempt(bad_stack, missing);
  EXPECT(seen.vector, DF);
  EXPECT(seen.error, 0);
  EXPECT(seen.sp, missing);
  EXPECT_TRUE(on_stack(0));
}

static void nmi_ist(void) {
  attempt(nmi, 0);
  EXPECT(seen.vector, NMI);
  EXPECT_TRUE(on_stack(1));
}

/* Interrupts in 64-bit mode push SS and RSP always, on a stack aligned to 16 bytes. */
static void aligned_frame(void) {
  attempt(misaligned_stack, 0);
  EXPECT(seen.vector, UD);
  EXPECT(seen.sp, seen.ax);
  EXPECT(seen.sp & 15, 8);
  EXPECT((seen.stack + sizeof(struct frame)) & 15, 0);
}

void exception_checks(void) {
  static const struct check list[] = {
    { "de", de }, { "ud", ud }, { "gp-non-canonical", non_canonical }, { "ss-non-canonical", non_canonical_stack },
    { "gp-cmpxchg16b", misaligned_16 }, { "gp-np-ss-selectors", selectors },
    { "gp-control-registers", control_registers }, { "gp-msr", model_specific }, { "np-gate", np_gate }, { "df-ist", double_fault_ist },
    { "nmi-ist", nmi_ist }, { "aligned-frame", aligned_frame },
  };
  CHECKS_RUN(list);
}
