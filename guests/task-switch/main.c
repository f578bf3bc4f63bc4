/* Hardware task switches, checked from inside. */
#include "common/print.h"
#include "kernel/check.h"
#include "task-switch/tasks.h"

int main(void) {
  print("task-switch: start\n");
  tables_init();
  switch_checks();
  fault_checks();
  task_state_checks();
  checks_end("task-switch");
}
