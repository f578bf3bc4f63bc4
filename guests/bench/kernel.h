/* The kernel under the work: it maps memory by 4 KiB pages, runs the work in ring 3, and serves its calls and its page faults. */
#pragma once

/* Selectors. SYSRET wants the user's data before the user's 64-bit code. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA   0x23
#define USER_CODE   0x2b
#define TASK        0x30

#ifndef __ASSEMBLER__
#include <stdint.h>

enum call { CALL_NOTHING, CALL_PUT_LINE, CALL_RELEASE, CALL_END };

/* Descriptors and gates of the width, and CR0, CR3 and CR4. `top_table` is the root of the page tables. */
void enter_paging(uintptr_t *top_table);
void enter_descriptors(void);
_Noreturn void enter_user(void (*start)(void));

/* From the gates in entry32.S and entry64.S. */
uintptr_t serve_call(uintptr_t number, uintptr_t first, uintptr_t second);
void serve_page_fault(uintptr_t address, uintptr_t error);
_Noreturn void refuse(uintptr_t error, uintptr_t at);

uintptr_t kernel_call(enum call number, uintptr_t first, uintptr_t second);
#endif
