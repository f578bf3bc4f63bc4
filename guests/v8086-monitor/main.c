/* A monitor of virtual-8086 mode and one 8086 program under it. */
#include "common/print.h"
#include "kernel/check.h"
#include "v8086-monitor/monitor.h"

int main(void) {
  print("v8086-monitor: start\n");
  monitor_init();
  program_checks();
  pvi_checks();
  checks_end("v8086-monitor");
}
