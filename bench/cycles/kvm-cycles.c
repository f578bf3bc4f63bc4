/*
 * Checkpoint cycles of raw KVM:   kvm-cycles METHOD PAGES MIB SECONDS
 * A cycle: the guest writes PAGES distinct pages out of MIB; the host finds out which, copies them to a buffer, and arms them again.
 *   log     KVM_GET_DIRTY_LOG, which arms at once
 *   clear   the same under manual protection, and KVM_CLEAR_DIRTY_LOG after the copy
 *   ring    the dirty ring, and KVM_RESET_DIRTY_RINGS after the copy
 * Prints cycles a second of processor time. Status 2: this KVM has no such method.
 * The guest runs in ring 3 with IOPL 3, since a KVM without hardware support would emulate ring 0 instruction by instruction.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, LOW = 2 << 20, CODE = 0x10000, RING_ENTRIES = 16384, WARM_UP = 8192, LOOK = 1024, NO_SUCH_METHOD = 2 };
static const uint64_t DATA = 1ull << 32;

/* next: imul rsi, r8; add rsi, r9; and rsi, rdi; mov rax, rsi; mov rdx, rsi; shr rdx, 8; xor rax, rdx; shl rax, 12;
   mov [rbx + rax], r11; dec rcx; jnz next; out 0x10, al */
static const uint8_t GUEST[] = {0x49, 0x0f, 0xaf, 0xf0, 0x4c, 0x01, 0xce, 0x48, 0x21, 0xfe, 0x48, 0x89, 0xf0, 0x48, 0x89, 0xf2, 0x48, 0xc1,
                                0xea, 0x08, 0x48, 0x31, 0xd0, 0x48, 0xc1, 0xe0, 0x0c, 0x4c, 0x89, 0x1c, 0x03, 0x48, 0xff, 0xc9, 0x75, 0xdc,
                                0xe6, 0x10};

static enum { LOG, CLEAR, RING } method;
static int vm, vcpu;
static uint64_t pages, words, state, value;
static uint8_t *memory, *buffer;
static uint64_t *bitmap, *list;
static struct kvm_run *run;
static struct kvm_dirty_gfn *ring;
static uint32_t head;

static int request(int fd, unsigned long what, void *argument, const char *name) {
  int result = ioctl(fd, what, argument);
  if (result < 0) {
    perror(name);
    exit(1);
  }
  return result;
}

static void *map(size_t length, int fd, off_t offset) {
  int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void *at = mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, offset);
  if (at == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return at;
}

/* Low memory with the code and the tables, and the pages that are written, at 4 GiB in 2 MiB pages. */
static void make_memory(void) {
  uint8_t *low = map(LOW, -1, 0);
  memory = map(pages * PAGE, -1, 0);
  struct kvm_userspace_memory_region slots[] = {
    {.slot = 0, .memory_size = LOW, .userspace_addr = (uintptr_t)low},
    {.slot = 1, .flags = KVM_MEM_LOG_DIRTY_PAGES, .guest_phys_addr = DATA, .memory_size = pages * PAGE, .userspace_addr = (uintptr_t)memory},
  };
  for (int n = 0; n < 2; n++) request(vm, KVM_SET_USER_MEMORY_REGION, &slots[n], "KVM_SET_USER_MEMORY_REGION");
  enum { TABLE = 0x67, LARGE = 0xe7 };
  uint64_t *root = (void *)(low + 0x1000), *pointers = (void *)(low + 0x2000), *first = (void *)(low + 0x3000), *data = (void *)(low + 0x4000);
  root[0] = 0x2000 | TABLE;
  pointers[0] = 0x3000 | TABLE;
  first[0] = LARGE;
  pointers[4] = 0x4000 | TABLE;
  for (uint64_t n = 0; n < 512; n++) data[n] = (DATA + (n << 21)) | LARGE;
  memcpy(low + CODE, GUEST, sizeof GUEST);
}

static void make_vcpu(int kvm) {
  vcpu = request(vm, KVM_CREATE_VCPU, 0, "KVM_CREATE_VCPU");
  run = map((size_t)request(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE"), vcpu, 0);
  if (method == RING) ring = map(RING_ENTRIES * sizeof *ring, vcpu, KVM_DIRTY_LOG_PAGE_OFFSET * PAGE);
  struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + 256 * sizeof(struct kvm_cpuid_entry2));
  cpuid->nent = 256;
  request(kvm, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
  request(vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
  struct kvm_sregs sregs;
  request(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
  sregs.cs = (struct kvm_segment){.limit = ~0u, .selector = 0x0b, .type = 11, .present = 1, .dpl = 3, .s = 1, .l = 1, .g = 1};
  sregs.ds = (struct kvm_segment){.limit = ~0u, .selector = 0x13, .type = 3, .present = 1, .dpl = 3, .s = 1, .db = 1, .g = 1};
  sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.ds;
  sregs.cr0 = 0x80050033, sregs.cr3 = 0x1000, sregs.cr4 = 0x620, sregs.efer = 0x500;
  request(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
}

static void run_guest(uint64_t count) {
  struct kvm_regs regs = {.rip = CODE, .rflags = 0x3002, .rsp = 0x8000, .rbx = DATA, .rsi = state, .rdi = pages - 1, .rcx = count,
                          .r8 = 1664525, .r9 = 1013904223, .r11 = ++value};
  request(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
  do {
    while (ioctl(vcpu, KVM_RUN, 0) < 0 && errno == EINTR) { }
  } while (run->exit_reason == KVM_EXIT_INTR);
  if (run->exit_reason != KVM_EXIT_IO) {
    fprintf(stderr, "KVM_RUN: exit reason %u\n", run->exit_reason);
    exit(1);
  }
  request(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
  state = regs.rsi;
}

static uint64_t find_by_log(void) {
  struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = bitmap};
  request(vm, KVM_GET_DIRTY_LOG, &log, "KVM_GET_DIRTY_LOG");
  uint64_t found = 0;
  for (uint64_t n = 0; n < words; n++) {
    for (uint64_t word = bitmap[n]; word; word &= word - 1) list[found++] = n * 64 + (uint64_t)__builtin_ctzll(word);
  }
  return found;
}

static uint64_t find_by_ring(void) {
  uint64_t found = 0;
  for (uint32_t at = head;; at++) {
    struct kvm_dirty_gfn *entry = &ring[at % RING_ENTRIES];
    if (!(__atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_DIRTY)) return found;
    list[found++] = entry->offset;
  }
}

static void arm(uint64_t found) {
  if (method == CLEAR) {
    struct kvm_clear_dirty_log clear = {.slot = 1, .num_pages = (uint32_t)pages, .dirty_bitmap = bitmap};
    request(vm, KVM_CLEAR_DIRTY_LOG, &clear, "KVM_CLEAR_DIRTY_LOG");
  } else if (method == RING) {
    for (; found; found--, head++) __atomic_store_n(&ring[head % RING_ENTRIES].flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
    request(vm, KVM_RESET_DIRTY_RINGS, 0, "KVM_RESET_DIRTY_RINGS");
  }
}

static void cycle(uint64_t count) {
  run_guest(count);
  uint64_t found = method == RING ? find_by_ring() : find_by_log();
  if (found != count) {
    fprintf(stderr, "%lu pages were reported, %lu written\n", found, count);
    exit(1);
  }
  for (uint64_t n = 0; n < found; n++) memcpy(buffer + n * PAGE, memory + list[n] * PAGE, PAGE);
  arm(found);
}

static int has(int kvm, int capability) { return ioctl(kvm, KVM_CHECK_EXTENSION, capability) > 0; }

static void enable(int kvm, uint32_t capability, uint64_t argument) {
  if (!has(kvm, (int)capability)) exit(NO_SUCH_METHOD);
  struct kvm_enable_cap cap = {.cap = capability, .args = {argument}};
  request(vm, KVM_ENABLE_CAP, &cap, "KVM_ENABLE_CAP");
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int count, char **words_of) {
  if (count != 5) return 1;
  method = !strcmp(words_of[1], "ring") ? RING : !strcmp(words_of[1], "clear") ? CLEAR : LOG;
  uint64_t dirty = strtoull(words_of[2], 0, 10);
  pages = strtoull(words_of[3], 0, 10) << 8;
  double enough = strtod(words_of[4], 0);
  words = (pages + 63) / 64;
  bitmap = calloc(words, 8), list = calloc(pages, 8), buffer = map((dirty + WARM_UP) * PAGE, -1, 0);
  int kvm = open("/dev/kvm", O_RDWR);
  if (kvm < 0) {
    perror("/dev/kvm");
    return 1;
  }
  vm = request(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
  int acquire = has(kvm, KVM_CAP_DIRTY_LOG_RING_ACQ_REL);
  if (method == RING) enable(kvm, acquire ? KVM_CAP_DIRTY_LOG_RING_ACQ_REL : KVM_CAP_DIRTY_LOG_RING, RING_ENTRIES * sizeof *ring);
  if (method == CLEAR) enable(kvm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 1);
  make_vcpu(kvm);
  make_memory();
  for (uint64_t left = pages; left;) {
    uint64_t some = left < WARM_UP ? left : WARM_UP;
    cycle(some), left -= some;
  }
  double begun = seconds();
  uint64_t cycles = 0;
  do {
    for (uint64_t look = 0; look < LOOK; look += dirty) cycle(dirty), cycles++;
  } while (seconds() - begun < enough);
  printf("%.3f\n", (double)cycles / (seconds() - begun));
  return 0;
}
