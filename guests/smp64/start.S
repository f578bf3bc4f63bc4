/*
 * Every vCPU is entered here in 64-bit mode, RSI its index; vCPU 0 has RDI, the PVH start info, as any plain ELF64. Each
 * takes 4 KiB of stack of its own: the one given to it, if any, may be shared.
 */
        .text
        .globl  _start
_start: cli
        cld
        leaq    stacks(%rip), %rsp
        leaq    1(%rsi), %rax
        shlq    $12, %rax
        addq    %rax, %rsp
        xorl    %ebp, %ebp
        call    smp64

        .bss
        .balign 16
stacks: .skip   16 * 4096
        .section .note.GNU-stack, "", @progbits
