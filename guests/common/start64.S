/* A plain ELF64's start: entered in 64-bit mode, RDI the PVH start info. */
        .text
        .globl  _start
_start: cli
        cld
        leaq    stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    start

        .bss
        .balign 16
        .skip   16384
stack_top:
        .section .note.GNU-stack, "", @progbits
