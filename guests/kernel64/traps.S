/* The way from a gate, or from SYSCALL, to C and back, and the two ways into what may fault. */
#include "kernel64/selectors.h"

        .text
        .balign 16
        .globl  trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
        pushq   $0                              /* where the processor pushes no error code */
        .endif
        pushq   $vector
        jmp     common
        .set    vector, vector + 1
        .endr

        .set    FRAME_CS, 18 * 8

common: .irp    r, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        pushq   %\r
        .endr
        testb   $3, FRAME_CS(%rsp)
        jz      1f
        swapgs
1:      cld
        movq    %rsp, %rdi
        movq    %rsp, %rbp
        andq    $-16, %rsp
        call    trap
        movq    %rbp, %rsp
        testb   $3, FRAME_CS(%rsp)
        jz      2f
        swapgs
2:      .irp    r, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
        popq    %\r
        .endr
        addq    $16, %rsp
        iretq

/* The kernel's GS base points to `per_cpu`: its stack for SYSCALL, then room for the user's stack pointer. */
        .globl  syscall_entry
syscall_entry:
        swapgs
        movq    %rsp, %gs:8
        movq    %gs:0, %rsp
        pushq   %rcx
        pushq   %r11
        pushfq
        popq    %rdx
        movq    %rcx, %r8
        movq    %r11, %rcx
        call    system_call                     /* (RDI, RSI, flags here, flags there, RIP there) */
        popq    %r11
        popq    %rcx
        movq    %gs:8, %rsp
        swapgs
        cmpl    $0, return_compatible
        jne     3f
        sysretq
3:      sysretl

/* attempt_ring0(fn, arg) */
        .globl  attempt_ring0
attempt_ring0:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    enter
        call    *%rax
        jmp     leave

/* attempt_ring3(fn, arg): IRETQ to the function as if called. Traps from there use the stack from here down. */
        .globl  attempt_ring3
attempt_ring3:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    enter
        movq    %rsp, tss + 4
        movq    %rsp, per_cpu
        pushq   $USER_DATA
        pushq   $user_stack_top
        pushq   user_flags
        pushq   user_cs
        pushq   %rax
        swapgs
        iretq

/* Saves on the stack what a call must preserve, and where that is; the stack pointer is left a multiple of 16. */
enter:  popq    %rcx
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushfq
        movq    %rsp, escape_sp
        jmp     *%rcx

        .globl  escape
escape: movq    escape_sp, %rsp
leave:  movl    $KERNEL_DATA, %ecx
        movl    %ecx, %ds
        movl    %ecx, %es
        movl    %ecx, %ss
        movq    $0, escape_sp
        popfq
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret

        .data
        .balign 8
        .globl  escape_sp, per_cpu, user_cs, return_compatible
escape_sp:
        .quad   0
per_cpu:
        .quad   0, 0, 0x5ca1ab1e
user_cs:
        .quad   USER_CODE
return_compatible:
        .long   0
        .section .note.GNU-stack, "", @progbits
