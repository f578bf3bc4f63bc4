/* The way from a gate to trap() and back. */
#include "modes/selectors.h"

        .text
        .balign 16
        .globl  trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
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
        .section .note.GNU-stack, "", @progbits
