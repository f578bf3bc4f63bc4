/* The way from a gate to trap() and back, and the two ways into what may fault. */
#include "kernel32/selectors.h"

        .text
        .balign 16
        .globl  trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
        pushl   $0                              /* where the processor pushes no error code */
        .endif
        pushl   $vector
        jmp     common
        .set    vector, vector + 1
        .endr

common: pushal
        pushl   %ds
        pushl   %es
        pushl   %fs
        pushl   %gs
        movl    $KERNEL_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        cld
        movl    %esp, %eax
        pushl   %eax
        call    trap
        addl    $4, %esp
        popl    %gs
        popl    %fs
        popl    %es
        popl    %ds
        popal
        addl    $8, %esp
        iret

/* attempt_ring0(fn, arg) */
        .globl  attempt_ring0
attempt_ring0:
        movl    4(%esp), %eax
        movl    8(%esp), %edx
        call    enter
        pushl   %edx
        call    *%eax
        addl    $4, %esp
        jmp     leave

/* attempt_ring3(fn, arg): IRET to the function as if called. Traps from there use the stack from here down. */
        .globl  attempt_ring3
attempt_ring3:
        movl    4(%esp), %eax
        movl    8(%esp), %edx
        call    enter
        movl    %esp, tss + 4
        movl    %edx, user_stack_top - 4
        pushl   $USER_DATA
        pushl   $user_stack_top - 8             /* a return address that is never used, and the argument */
        pushl   user_flags
        pushl   $USER_CODE
        pushl   %eax
        movl    $USER_DATA, %ecx
        movl    %ecx, %ds
        movl    %ecx, %es
        iret

/* Saves on the stack what a call must preserve, and where that is. */
enter:  popl    %ecx
        pushl   %ebp
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushfl
        movl    %esp, escape_sp
        jmp     *%ecx

        .globl  escape
escape: movl    escape_sp, %esp
leave:  movl    $KERNEL_DATA, %ecx
        movl    %ecx, %ds
        movl    %ecx, %es
        movl    %ecx, %fs
        movl    %ecx, %gs
        movl    %ecx, %ss
        movl    $0, escape_sp
        popfl
        popl    %edi
        popl    %esi
        popl    %ebx
        popl    %ebp
        ret

        .bss
        .balign 4
        .globl  escape_sp
escape_sp:
        .skip   4
        .section .note.GNU-stack, "", @progbits
