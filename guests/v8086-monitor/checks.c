/* One 8086 program under three ways of watching it: what it sees must be the same, what reaches the monitor is not. */
#include "common/print.h"
#include "kernel/check.h"
#include "v8086-monitor/monitor.h"
#include "v8086-monitor/program.h"

static const struct setup *running;

static void expect_program(void) {
  EXPECT(result(IF_CLEAR) & FLAG_IF, 0);
  EXPECT(result(IF_SET) & FLAG_IF, FLAG_IF);
  EXPECT(result(IF_SET) & FLAG_IOPL, FLAG_IOPL);
  EXPECT(result(POPF_CLEAR) & FLAG_IF, 0);
  EXPECT(result(POPF_SET) & FLAG_IF, FLAG_IF);
  EXPECT(result(SERVICE_VALUE), 42);
  EXPECT(result(HANDLER_FLAGS) & (FLAG_IF | FLAG_CF), FLAG_CF);
  EXPECT(result(SERVICE_FLAGS) & (FLAG_IF | FLAG_CF), FLAG_IF);
  EXPECT(result(SERVICE_SP), STACK);
  EXPECT(result(PORT_VALUE), 0x77 ^ 0xff);
  EXPECT(result(PORT_WORD), 0xa55a);
  EXPECT(result(TICKS_CLOSED), 3);
  /* With IOPL 3 nothing tells the monitor that interrupts were opened. */
  EXPECT(result(TICKS_OPEN), running->iopl == 3 ? 3 : 4);
  EXPECT(result(ALIAS), result(IF_SET));
  EXPECT(played_out, 0x77);
}

static void print_counts(void) {
  print("  %s: cli %u sti %u pushf %u popf %u int %u iret %u in %u out %u hlt %u", running->name, counts.cli, counts.sti, counts.pushf,
        counts.popf, counts.int_n, counts.iret, counts.in, counts.out, counts.hlt);
  print(" reflected %u pending %u\n", counts.reflected, counts.pending);
}

static void run(const struct setup *setup) {
  running = setup;
  run_program(setup);
  expect_program();
  print_counts();
}

/* IOPL 0: every sensitive instruction is the monitor's. */
static void trapped(void) {
  static const struct setup setup = { "IOPL 0", 0, 0 };
  run(&setup);
  EXPECT(counts.cli, 2);
  EXPECT(counts.sti, 3);
  EXPECT(counts.pushf, 7);
  EXPECT(counts.popf, 2);
  EXPECT(counts.out, 1); /* the other port is permitted */
  EXPECT(counts.in, 2);
}

/* IOPL 3: flags are the program's, INT n comes by gates, ports and HLT still trap. */
static void own_flags(void) {
  static const struct setup setup = { "IOPL 3", 3, 0 };
  run(&setup);
  EXPECT(counts.cli + counts.sti + counts.pushf + counts.popf + counts.iret, 0);
  EXPECT(counts.out, 1);
  EXPECT(counts.hlt, 3);
}

/* VME: VIF for IF without the monitor, INT 60H without it too; STI traps once, with the tick pending. */
static void extended(void) {
  static const struct setup setup = { "VME", 0, 1 };
  run(&setup);
  EXPECT(counts.cli + counts.sti + counts.pushf + counts.popf + counts.iret, 0);
  EXPECT(counts.pending, 1);
  EXPECT(counts.reflected, 4); /* the ticks alone */
  EXPECT(counts.hlt, 3);
}

static void fresh_cpuid(void) {
  uint32_t a = 1, b, c, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  EXPECT(d >> 1 & 1, 1);
}

void program_checks(void) {
  static const struct check list[] = {
    { "cpuid-vme", fresh_cpuid }, { "v8086-iopl-0", trapped }, { "v8086-iopl-3", own_flags }, { "v8086-vme", extended },
  };
  CHECKS_RUN(list);
}

void user_loop(void), user_cli(void), user_sti(void), user_popf(void);

static void pvi_off(void) {
  run_user(user_loop, 0);
  EXPECT(user_faults, 2000);
  run_user(user_loop, FLAG_IOPL);
  EXPECT(user_faults, 0);
}

static void pvi_on(void) {
  write_cr4(read_cr4() | CR4_PVI);
  uint32_t flags = run_user(user_loop, FLAG_VIF);
  EXPECT(user_faults, 0);
  EXPECT(flags & (FLAG_IF | FLAG_VIF), FLAG_VIF);
  flags = run_user(user_cli, FLAG_VIF);
  EXPECT(flags & FLAG_VIF, 0);
  write_cr4(read_cr4() & ~(uint32_t)CR4_PVI);
}

static void pvi_pending(void) {
  write_cr4(read_cr4() | CR4_PVI);
  run_user(user_sti, FLAG_VIP);
  EXPECT(user_faults, 1);
  EXPECT(user_fault_ip, user_sti);
  /* Both at once: before the first instruction. */
  run_user(user_cli, FLAG_VIF | FLAG_VIP);
  EXPECT(user_faults, 1);
  EXPECT(user_fault_ip, user_cli);
  uint32_t flags = run_user(user_popf, FLAG_VIP);
  EXPECT(user_faults, 0);
  EXPECT(flags & (FLAG_IF | FLAG_VIF | FLAG_VIP), FLAG_VIP);
  write_cr4(read_cr4() & ~(uint32_t)CR4_PVI);
}

void pvi_checks(void) {
  static const struct check list[] = { { "pvi-off", pvi_off }, { "pvi-on", pvi_on }, { "pvi-pending", pvi_pending } };
  CHECKS_RUN(list);
}
