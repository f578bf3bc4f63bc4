// natstep: executes one user-mode instruction at a time on the real CPU and prints the state before and after (format.h). One
// process, no ptrace: a signal handler loads the next state into the signal frame with TF set, and the kernel's sigreturn
// starts it; the trap or fault after one instruction comes back to the handler.
//
//   natstep -g 64|32|16|16w COUNT SEED > vectors     random vectors (generate.h)
//   natstep -x87 -g 64|32|16|16w COUNT SEED > vectors       x87 instructions, with x87 state
//   natstep -segments -g 64|32|16|16w COUNT SEED > vectors segment loads and far transfers (segments.h)
//   natstep -seed SEED < vectors                     executes given vectors again
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "generate.h"
#include "segments.h"

#define TF 0x100ull
#define RF 0x10000ull

u64 own_fs, vector_fs, vector_gs, flat_segments, found_bases[2];
u16 vector_selector, found_selectors[SEGMENTS];
void step(int signal, siginfo_t *info, void *context);

// The vector's own segments are in force here, and AC, NT and ID if it set them (sigreturn would hand the latter two on): put
// ours in place, step, load the next vector's segments.
asm(".globl entry\n"
    "entry:\n"
    "  pushfq\n  andq $~0x244000, (%rsp)\n  popfq\n  cld\n"
    "  mov %es, found_selectors(%rip)\n  mov %ds, 6+found_selectors(%rip)\n"
    "  mov %fs, 8+found_selectors(%rip)\n  mov %gs, 10+found_selectors(%rip)\n"
    "  rdfsbase %rax\n  mov %rax, found_bases(%rip)\n  rdgsbase %rax\n  mov %rax, 8+found_bases(%rip)\n"
    "  mov own_fs(%rip), %rax\n  wrfsbase %rax\n"
    "  sub $8, %rsp\n  call step\n  add $8, %rsp\n"
    "  cmpq $0, flat_segments(%rip)\n  je 1f\n"
    "  mov vector_selector(%rip), %ax\n  mov %ax, %ds\n  mov %ax, %es\n  mov %ax, %fs\n  mov %ax, %gs\n  ret\n"
    "1: xor %eax, %eax\n  mov %ax, %ds\n  mov %ax, %es\n  mov %ax, %fs\n  mov %ax, %gs\n"
    "  mov vector_fs(%rip), %rax\n  wrfsbase %rax\n  mov vector_gs(%rip), %rax\n  wrgsbase %rax\n  ret\n");
extern void entry(int, siginfo_t *, void *);

static u8 *const code = (u8 *)(u64)CODE_BASE, *const data = (u8 *)(u64)DATA_BASE;
static u8 pristine[DATA_SIZE], before[DATA_SIZE];
static const int greg_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
static Vector v;
static Result q;
static int started, with_x87, segments_only, generate_mode = -1;
static long wanted, done;
static u32 seed = 1;

static int next_vector(void) {
  static char line[1 << 14];
  if (generate_mode >= 0) {
    if (done >= wanted) return 0;
    if (segments_only) generate_segments(&v, generate_mode);
    else generate(&v, generate_mode, with_x87);
    return 1;
  }
  while (fgets(line, sizeof line, stdin))
    if (line[0] != '#' && parse_vector(line, &v)) return 1;
  return 0;
}

static void print_step(void) {
  print_vector(&v);
  print_result(&v, &q);
  for (u32 i = 0; i < DATA_SIZE; i++) {
    u32 from = i;
    while (i < DATA_SIZE && data[i] != before[i]) i++;
    if (i > from) put_run("W", DATA_BASE + from, data + from, i - from);
    if (out_len > 60000) flush_out();
  }
  put("\n");
  if (out_len > 30000) flush_out();
}

// The frame's XSAVE area: the FXSAVE image, with ST(0) first, and behind it the bits of what to restore.
static void load_x87(ucontext_t *uc, const X87 *f) {
  u8 *area = (u8 *)uc->uc_mcontext.fpregs;
  *(u64 *)(area + 512) |= 1;
  memset(area, 0, 24);
  memcpy(area, &f->cw, 2);
  memcpy(area + 2, &f->sw, 2);
  area[4] = f->tags;
  for (int n = 0; n < 8; n++) {
    memset(area + 32 + 16 * n, 0, 16);
    memcpy(area + 32 + 16 * n, f->r[((f->sw >> 11) + n) & 7], 10);
  }
}

static void read_x87(const ucontext_t *uc, X87 *f) {
  const u8 *area = (const u8 *)uc->uc_mcontext.fpregs;
  if (!(*(const u64 *)(area + 512) & 1)) { // in its initial state, which is not saved
    memset(f, 0, sizeof *f);
    f->cw = 0x37f;
    return;
  }
  memcpy(&f->cw, area, 2);
  memcpy(&f->sw, area + 2, 2);
  f->tags = area[4];
  memcpy(&f->op, area + 6, 2);
  memcpy(&f->ip, area + 8, 8);
  memcpy(&f->dp, area + 16, 8);
  for (int n = 0; n < 8; n++) memcpy(f->r[((f->sw >> 11) + n) & 7], area + 32 + 16 * n, 10);
}

static void load_state(ucontext_t *uc) {
  greg_t *g = uc->uc_mcontext.gregs;
  memcpy(code + CODE_OFF, v.code, v.len);
  memset(code + CODE_OFF + v.len, 0xcc, 24);
  memcpy(data, pristine, DATA_SIZE);
  for (int k = 0; k < v.patches; k++) memcpy(data + (v.patch[k].addr - DATA_BASE), v.patch[k].bytes, v.patch[k].len);
  memcpy(before, data, DATA_SIZE);
  for (int i = 0; i < 16; i++) g[greg_of[i]] = v.r[i];
  g[REG_RIP] = v.ip;
  g[REG_EFL] = v.fl | TF;
  // Linux's selectors of 64-bit and compatibility code, and those of our LDT
  u64 cs = v.mode == M64 ? 0x33 : v.mode == M32 ? 0x23 : 7, ss = v.mode == M16 ? 15 : v.mode == M16W ? 23 : 0x2b;
  flat_segments = v.mode != M64;
  vector_selector = (u16)ss;
  g[REG_CSGSFS] = cs | ss << 48;
  for (int s = 0; s < SEGMENTS; s++) q.selectors_before[s] = (u16)(s == CS ? cs : s == SS || v.mode != M64 ? ss : 0);
  q.bases_before[0] = v.mode == M64 ? vector_fs : data_segment(v.mode);
  q.bases_before[1] = v.mode == M64 ? vector_gs : data_segment(v.mode);
  uc->uc_flags |= 6; // UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
  q.steps = 0;
  if (v.with_x87) load_x87(uc, &v.f);
}

// Bytes before the opcode.
static int prefixes(void) {
  int i = 0;
  while (strchr("\x66\x67\x26\x2e\x36\x3e\x64\x65\xf0\xf2\xf3", v.code[i]) || (v.mode == M64 && (v.code[i] & 0xf0) == 0x40)) i++;
  return i;
}

// After one iteration of a REP the trap comes with the instruction pointer still on it.
static int in_repeat(const greg_t *g) {
  u8 opcode = v.code[prefixes()];
  int string = (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
  return string && g[REG_RIP] == (greg_t)v.ip && q.steps < 70000;
}

static void read_result(const greg_t *g, int signal) {
  int trap = g[REG_TRAPNO];
  for (int i = 0; i < 16; i++) q.r[i] = g[greg_of[i]] & width_mask(v.mode);
  q.ip = g[REG_RIP];
  q.fl = g[REG_EFL] & ~(TF | RF);
  memcpy(q.selectors, found_selectors, sizeof q.selectors);
  memcpy(q.bases, found_bases, sizeof q.bases);
  q.selectors[CS] = (u16)g[REG_CSGSFS];
  q.selectors[SS] = (u16)((u64)g[REG_CSGSFS] >> 48);
  q.err = g[REG_ERR];
  q.cr2 = g[REG_CR2];
  q.exception = signal == SIGTRAP && trap == 1 ? -1 : trap;
  // the image that PUSHF pushed has our TF
  u8 opcode = v.code[prefixes()];
  u64 stack = is_16(v.mode) ? q.r[SP] & 0xffff : q.r[SP];
  u64 image = (v.mode == M16W ? (stack + 0x1000) & 0xffff : stack + data_segment(v.mode) - DATA_BASE) + 1;
  if (opcode == 0x9c && q.exception < 0 && image < DATA_SIZE) data[image] &= ~(TF >> 8);
  // TF was cleared or its trap held back, and the INT3 behind the instruction was reached
  if (signal == SIGTRAP && trap == 3 && q.ip == v.ip + v.len + 1) q.ip--, q.exception = -1;
}

void step(int signal, siginfo_t *info, void *context) {
  (void)info;
  ucontext_t *uc = context;
  greg_t *g = uc->uc_mcontext.gregs;
  if (started) {
    q.steps++;
    if (signal == SIGTRAP && g[REG_TRAPNO] == 1 && in_repeat(g)) {
      g[REG_EFL] |= TF;
      uc->uc_flags |= 6;
      return;
    }
    read_result(g, signal);
    if (v.with_x87) read_x87(uc, &q.f);
    print_step();
    done++;
  }
  started = 1;
  if (!next_vector()) {
    flush_out();
    fflush(stdout);
    fprintf(stderr, "%ld vectors\n", done);
    _exit(0);
  }
  load_state(uc);
}

static void make_ldt_entry(int n) {
  int flags = ldt[n].flags;
  struct user_desc d = {.entry_number = n, .base_addr = ldt[n].base, .limit = ldt[n].limit, .contents = ldt[n].contents, .useable = 1,
                        .seg_32bit = (flags & BIG) != 0, .limit_in_pages = (flags & PAGES) != 0,
                        .read_exec_only = (flags & READ_EXEC_ONLY) != 0, .seg_not_present = (flags & ABSENT) != 0};
  if (syscall(SYS_modify_ldt, 1, &d, sizeof d)) perror("modify_ldt");
}

static void *map(void *at, size_t size, int protection, int file, u32 offset) {
  int flags = (file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | (at ? MAP_FIXED : 0);
  void *p = mmap(at, size, protection, flags, file, offset);
  if (p == MAP_FAILED) perror("mmap"), exit(1);
  return p;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-seed") && i + 1 < argc) seed = atoi(argv[++i]);
    else if (!strcmp(argv[i], "-segments")) segments_only = 1;
    else if (!strcmp(argv[i], "-x87")) with_x87 = 1;
    else if (!strcmp(argv[i], "-g") && i + 3 < argc) {
      for (int k = 0; k < MODES; k++)
        if (!strcmp(argv[i + 1], mode_name[k])) generate_mode = k;
      wanted = atol(argv[i + 2]);
      seed = atoi(argv[i + 3]);
      i += 3;
    }
  }
  if (with_x87) {
    x87_forms();
  } else {
    one_byte_forms();
    two_byte_forms();
  }
  random_state[0] ^= (u64)seed * 0x9E3779B97F4A7C15ull;
  for (int i = 0; i < 16; i++) random64();
  map(code, 0x10000, PROT_READ | PROT_WRITE | PROT_EXEC, -1, 0);
  int window = memfd_create("window", 0);
  if (window < 0 || ftruncate(window, DATA_SIZE)) perror("memfd_create"), exit(1);
  map(data, DATA_SIZE, PROT_READ | PROT_WRITE, window, 0);
  // the segment of 64 KiB begins with the window's second page
  map((void *)(u64)WIDE_BASE, 0x1000, PROT_READ | PROT_WRITE, window, 0x1000);
  memset(code, 0xcc, 0x10000);
  for (u32 i = 0; i < DATA_SIZE; i++) pristine[i] = template_byte(seed, i);
  for (int n = 0; n < PALETTE; n++)
    if (ldt[n].contents != EMPTY) make_ldt_entry(n);
  vector_fs = DATA_BASE;
  vector_gs = DATA_BASE + GS_OFFSET;
  asm volatile("rdfsbase %0" : "=r"(own_fs));
  stack_t stack = {.ss_sp = map(0, 1 << 20, PROT_READ | PROT_WRITE, -1, 0), .ss_size = 1 << 20};
  sigaltstack(&stack, 0);
  struct sigaction action = {.sa_sigaction = entry, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, 0);
  asm volatile("int3");
}
