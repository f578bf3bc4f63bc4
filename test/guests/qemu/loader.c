/*
 * Lets QEMU, whose -kernel wants a multiboot kernel, run a plain ELF64 as Tidemark enters it. A multiboot 1 kernel of its
 * own, far above the image: takes the ELF64 as its first module, loads it, builds the promised identity mapping and start
 * info, and switches to 64-bit mode. With cpus=N on the command line it starts N - 1 further processors at the same entry.
 */
#include <stdint.h>

struct multiboot {
  uint32_t flags, mem_lower, mem_upper, boot_device, command_line, module_count, modules, symbols[4], map_length, map;
};
struct module { uint32_t start, end, text, reserved; };
struct __attribute__((packed)) map_entry { uint32_t size; uint64_t address, length; uint32_t type; };
struct elf64 {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_headers, section_headers;
  uint32_t flags;
  uint16_t header_size, program_header_size, program_header_count;
};
struct program_header { uint32_t type, flags; uint64_t offset, vaddr, paddr, filesz, memsz, align; };

struct start_info {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, rsdp, map;
  uint32_t map_entries, reserved;
};
struct start_map { uint64_t address, size; uint32_t type, reserved; };

uint64_t pml4[512] __attribute__((aligned(4096)));
static uint64_t pdpt[512] __attribute__((aligned(4096))), pd[4][512] __attribute__((aligned(4096)));
static struct start_map map[32];
struct start_info info;
uint64_t entry;
extern const char trampoline[], trampoline_end[];

static void copy(void *to, const void *from, uint32_t n) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory"); }
static void clear(void *to, uint32_t n) { __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory"); }

static void load(const uint8_t *image) {
  const struct elf64 *elf = (const void *)image;
  const struct program_header *segment = (const void *)(image + (uint32_t)elf->program_headers);
  for (int n = 0; n < elf->program_header_count; n++) {
    if (segment[n].type != 1) continue;
    uint8_t *to = (uint8_t *)(uint32_t)segment[n].paddr;
    copy(to, image + (uint32_t)segment[n].offset, (uint32_t)segment[n].filesz);
    clear(to + (uint32_t)segment[n].filesz, (uint32_t)(segment[n].memsz - segment[n].filesz));
  }
  entry = elf->entry;
}

/* INIT, then SIPI twice, to all but this one; QEMU's processors need no delays worth the name. */
static void start_processors(void) {
  volatile uint32_t *icr = (uint32_t *)0xfee00300;
  copy((void *)0x8000, trampoline, (uint32_t)(trampoline_end - trampoline));
  *icr = 0xc4500;
  for (volatile int n = 0; n < 1000000; n++) { }
  *icr = 0xc4608;
}

static uint32_t cpus(const char *text) {
  for (; *text; text++) {
    if (text[0] == 'c' && text[1] == 'p' && text[2] == 'u' && text[3] == 's' && text[4] == '=') return (uint32_t)(text[5] - '0');
  }
  return 1;
}

void prepare(const struct multiboot *boot) {
  load((const uint8_t *)((const struct module *)boot->modules)->start);
  pml4[0] = (uint32_t)pdpt | 3;
  for (uint32_t n = 0; n < 4; n++) {
    pdpt[n] = (uint32_t)pd[n] | 3;
    for (uint32_t i = 0; i < 512; i++) pd[n][i] = ((uint64_t)(n * 512 + i) << 21) | 0x83;
  }
  uint32_t count = 0;
  for (uint32_t at = boot->map; at < boot->map + boot->map_length && count < 32; count++) {
    const struct map_entry *e = (const void *)at;
    map[count].address = e->address, map[count].size = e->length, map[count].type = e->type;
    at += e->size + 4;
  }
  info.magic = 0x336ec578, info.version = 1;
  info.command_line = boot->command_line;
  info.map = (uint32_t)map, info.map_entries = count;
  if (cpus((const char *)boot->command_line) > 1) start_processors();
}
