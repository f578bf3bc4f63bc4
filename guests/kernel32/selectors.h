/* Selectors of the GDT in descriptors.c; the assembler reads this too. */
#pragma once
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE   0x1b
#define USER_DATA   0x23
#define TSS_SEGMENT 0x28
#define LDT_SEGMENT 0x30
#define CALL_GATE   0x3b
#define SMALL_DATA  0x40 /* 4 KiB at BASED_AT */
#define DOWN_DATA   0x48 /* expands down: offsets from 4 KiB up */
#define ABSENT_DATA 0x50
#define READ_ONLY   0x58
#define EXEC_ONLY   0x60
#define CONFORMING  0x68 /* conforming code, DPL 0 */
#define SPARE       0x70
