/* From the loader's hand to main(): the command line is copied before anything else is touched. */
#include "common/finish.h"
#include "common/multiboot.h"
#include "common/options.h"
#include "common/pvh.h"

int main(void);

static _Noreturn void run(void) {
  int code = main();
  if (code) fail((unsigned)code);
  finish();
}

#ifdef __x86_64__
_Noreturn void start(const struct pvh_start_info *info) {
  options_load(info->magic == PVH_MAGIC ? (const char *)info->command_line : 0);
  run();
}
#else
_Noreturn void start(uint32_t magic, const struct multiboot_info *info) {
  int named = magic == MULTIBOOT_BOOT_MAGIC && (info->flags & MULTIBOOT_COMMAND_LINE);
  options_load(named ? (const char *)info->command_line : 0);
  run();
}
#endif
