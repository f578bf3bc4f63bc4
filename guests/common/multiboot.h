/* What a multiboot 1 loader hands over; only the fields in use. */
#pragma once
#include <stdint.h>

#define MULTIBOOT_BOOT_MAGIC 0x2badb002u
enum { MULTIBOOT_MEMORY = 1 << 0, MULTIBOOT_COMMAND_LINE = 1 << 2 };

struct multiboot_info {
  uint32_t flags;
  uint32_t mem_lower, mem_upper; /* KiB */
  uint32_t boot_device;
  uint32_t command_line;
};
