/*
 * Entered by a multiboot 1 loader in 32-bit protected mode. Maps the first GiB twice, at 0 and at 0xffffffff80000000, by
 * 2 MiB pages, turns on long mode and jumps up.
 */
        .set    KERNEL, 0xffffffff80000000
        .set    MSR_EFER, 0xc0000080
        .set    SCE_LME_NXE, 0x901

        .section .boot, "ax"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .code32
        .globl  _start
_start: cli
        cld
        movl    %eax, %edi
        movl    %ebx, %esi
        movl    $0x80000001, %eax
        cpuid
        btl     $29, %edx
        jc      1f
        movl    $3, %eax                        /* no long mode */
        outl    %eax, $0xf4
        hlt

1:      movl    $(boot_pd - KERNEL), %ebx
        movl    $0x83, %eax                     /* present, writable, 2 MiB */
2:      movl    %eax, (%ebx)
        addl    $8, %ebx
        addl    $0x200000, %eax
        cmpl    $0x40000083, %eax
        jne     2b
        movl    $(boot_pd - KERNEL + 3), boot_pdpt - KERNEL
        movl    $(boot_pd - KERNEL + 3), boot_pdpt - KERNEL + 510 * 8
        movl    $(boot_pdpt - KERNEL + 3), boot_pml4 - KERNEL
        movl    $(boot_pdpt - KERNEL + 3), boot_pml4 - KERNEL + 511 * 8

        movl    $0x20, %eax                     /* PAE */
        movl    %eax, %cr4
        movl    $(boot_pml4 - KERNEL), %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $SCE_LME_NXE, %eax
        wrmsr
        movl    $0x80010011, %eax               /* PG, WP, ET, PE */
        movl    %eax, %cr0
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
