/* System calls of Linux by their numbers (Linux, arch/x86/entry/syscalls/syscall_32.tbl and syscall_64.tbl). */
#pragma once

#ifdef __x86_64__
enum { CALL_WRITE = 1, CALL_MADVISE = 28, CALL_GETPID = 39, CALL_EXIT = 60, CALL_GETPPID = 110, CALL_REBOOT = 169, CALL_CLOCK_GETTIME = 228 };

static inline long linux_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
#else
enum { CALL_EXIT = 1, CALL_WRITE = 4, CALL_GETPID = 20, CALL_GETPPID = 64, CALL_REBOOT = 88, CALL_MADVISE = 219, CALL_CLOCK_GETTIME = 265 };

static inline long linux_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
#endif
