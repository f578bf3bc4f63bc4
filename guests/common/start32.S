/* A multiboot 1 kernel's start: entered in 32-bit protected mode, paging off, EAX the magic, EBX the information. */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 0x00000003               /* modules on page boundaries, memory information */

        .section .multiboot, "a"
        .balign 4
        .long   MAGIC, FLAGS, -(MAGIC + FLAGS)

        .text
        .globl  _start
_start: cli
        cld
        movl    $stack_top, %esp
        xorl    %ebp, %ebp
        pushl   %ebx
        pushl   %eax
        call    start

        .bss
        .balign 16
        .skip   16384
stack_top:
        .section .note.GNU-stack, "", @progbits
