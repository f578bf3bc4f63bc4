/* Entered by a multiboot 1 loader: 32-bit protected mode, paging off, EAX the magic, EBX the information. */
        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl  _start
_start: cli
        cld
        movl    $stack_top, %esp
        xorl    %ebp, %ebp
        pushl   %ebx
        pushl   %eax
        call    kernel32

        .bss
        .balign 4096
        .skip   16384
stack_top:
        .section .note.GNU-stack, "", @progbits
