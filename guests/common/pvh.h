/* The PVH start info, version 1, and its memory map. */
#pragma once
#include <stdint.h>

#define PVH_MAGIC 0x336ec578u

struct pvh_start_info {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, rsdp, memory_map;
  uint32_t memory_map_entries, reserved;
};

struct pvh_memory_map_entry {
  uint64_t address, size;
  uint32_t type, reserved; /* type 1 is RAM, as in E820 */
};
