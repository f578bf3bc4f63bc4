/* Multiboot header, the way into 64-bit mode, and the 16-bit code from which the other processors take the same way. */
        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl  _start
_start: movl    $stack_top, %esp
        pushl   %ebx
        call    prepare
        xorl    %esi, %esi

/* ESI: the processor's index. */
long_mode:
        lgdt    gdtr
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0x20, %eax
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    entry, %ebx
        movl    $0x80000011, %eax
        movl    %eax, %cr0
        ljmp    $8, $1f
        .code64
1:      movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $info, %edi
        movl    %ebx, %ebx
        jmp     *%rbx

        .code32
protected:
        movl    $16, %eax
        movl    %eax, %ds
        movl    $1, %esi
        lock xaddl %esi, next
        movl    $stack_top, %esp
        jmp     long_mode

        .code16
        .globl  trampoline, trampoline_end
trampoline:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        lgdtl   (0x8000 + low_gdtr - trampoline)
        movl    $0x11, %eax
        movl    %eax, %cr0
        ljmpl   $24, $protected
low_gdtr:
        .word   31
        .long   gdt
trampoline_end:

        .data
        .balign 8
gdt:    .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
gdtr:   .word   31
        .long   gdt
next:   .long   1

        .bss
        .balign 16
        .skip   16384
stack_top:
        .section .note.GNU-stack, "", @progbits
