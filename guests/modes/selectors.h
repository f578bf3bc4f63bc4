/* Selectors of every GDT that uses modes/traps.S; the assembler reads this too. */
#pragma once
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE   0x1b
#define USER_DATA   0x23
