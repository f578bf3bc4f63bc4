/*
 * Entered by a multiboot 1 loader in 32-bit protected mode. Maps the first GiB twice, at 0 and at 0xffffffff80000000, by
 * 2 MiB pages, turns on long mode and jumps up.
 */
#include "common/long-mode.h"
        .set    KERNEL, 0xffffffff80000000

        .section .boot, "ax"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .code32
        .globl  _start
_start: require_long_mode
        map_first_gib (boot_pd - KERNEL)
        movl    $(boot_pd - KERNEL + 3), boot_pdpt - KERNEL
        movl    $(boot_pd - KERNEL + 3), boot_pdpt - KERNEL + 510 * 8
        movl    $(boot_pdpt - KERNEL + 3), boot_pml4 - KERNEL
        movl    $(boot_pdpt - KERNEL + 3), boot_pml4 - KERNEL + 511 * 8

        turn_on_long_mode (boot_pml4 - KERNEL), (SCE_LME | NXE)
        lgdt    boot_gdtr
        ljmp    $8, $3f
        .code64
3:      movabsq $high, %rax
        jmp     *%rax

        .balign 8
boot_gdt:
        .quad   0, 0x00af9a000000ffff, 0x00cf92000000ffff
boot_gdtr:
        .word   23
        .long   boot_gdt

        .text
high:   movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movq    $stack_top, %rsp
        xorl    %ebp, %ebp
        call    kernel64

        .bss
        .balign 4096
boot_pml4:
        .skip   4096
boot_pdpt:
        .skip   4096
boot_pd:
        .skip   4096
        .skip   16384
        .globl  stack_top
stack_top:
        .section .note.GNU-stack, "", @progbits
