/* Selectors of the GDT in descriptors.c; the assembler reads this too. The order of the first five is SYSCALL's. */
#pragma once
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE32 0x1b
#define USER_DATA   0x23
#define USER_CODE   0x2b
#define TSS_SEGMENT 0x30 /* 16 bytes */
#define ABSENT_DATA 0x40
#define CODE32      0x48
#define SPARE       0x50
