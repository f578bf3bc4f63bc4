/*
 * A plain ELF64 without a note or header of any kind: entered in 64-bit mode, ring 0, interrupts off, on the loader's own
 * stack, with RDI pointing to a PVH start info. Prints what the loader says about memory, and checks what it promises.
 */
#include "common/finish.h"
#include "common/options.h"
#include "common/print.h"
#include "common/pvh.h"

static void require(int holds, const char *what, unsigned code) {
  print("plain64: %s %s\n", what, holds ? "ok" : "WRONG");
  if (!holds) fail(code);
}

static inline uint64_t flags(void) {
  uint64_t value;
  __asm__ volatile("pushfq; popq %0" : "=r"(value));
  return value;
}

static inline uint64_t cs(void) {
  uint64_t value;
  __asm__("movq %%cs, %0" : "=r"(value));
  return value;
}

/* The last word of every 2 MiB page of RAM that begins above the low 16 MiB can be written through the identity mapping. */
static int writable(const struct pvh_memory_map_entry *map, uint32_t entries) {
  for (uint32_t n = 0; n < entries; n++) {
    if (map[n].type != 1) continue;
    uint64_t end = map[n].address + map[n].size;
    for (uint64_t page = 0x1000000; page + 0x200000 <= end; page += 0x200000) {
      if (page < map[n].address) continue;
      volatile uint64_t *word = (uint64_t *)(page + 0x1ffff8);
      uint64_t before = *word;
      *word = ~page;
      int kept = *word == ~page;
      *word = before;
      if (!kept) return 0;
    }
  }
  return 1;
}

_Noreturn void _start(const struct pvh_start_info *info) {
  print("plain64: hello\n");
  require(info->magic == PVH_MAGIC && info->version >= 1, "start info", 1);
  require((flags() & 0x200) == 0, "interrupts off", 2);
  require((cs() & 3) == 0, "ring 0", 3);

  options_load((const char *)info->command_line);
  print("plain64: command line \"%s\"\n", command_line);

  const struct pvh_memory_map_entry *map = (const void *)info->memory_map;
  int sorted = 1, covered = 0;
  for (uint32_t n = 0; n < info->memory_map_entries; n++) {
    uint64_t end = map[n].address + map[n].size;
    print("plain64: memory %p-%p type %u\n", map[n].address, end - 1, map[n].type);
    if (n && map[n - 1].address + map[n - 1].size > map[n].address) sorted = 0;
    if (map[n].type == 1 && map[n].address <= 0x100000 && end > 0x200000) covered = 1;
  }
  require(sorted, "memory map in order", 4);
  require(covered, "image in RAM", 5);
  require(writable(map, info->memory_map_entries), "RAM writable", 6);
  print("plain64: done\n");
  finish();
}
