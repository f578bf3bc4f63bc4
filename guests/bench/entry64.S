/* The 64-bit kernel: from a multiboot 1 loader by 2 MiB pages to kernel_main, from gates to C and back, and into ring 3. */
#include "bench/kernel.h"
#include "common/long-mode.h"

        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .code32
        .globl  _start
_start: require_long_mode
        map_first_gib first_directory
        movl    $first_directory + 3, first_pointers
        movl    $first_pointers + 3, first_root
        turn_on_long_mode first_root, SCE_LME
        lgdt    first_gdtr
        ljmp    $KERNEL_CODE, $3f

        .code64
3:      movl    $KERNEL_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $kernel_stack_top, %esp
        xorl    %ebp, %ebp
        call    kernel_main

        .balign 8
first_gdt:
        .quad   0, 0x00af9a000000ffff, 0x00cf92000000ffff
first_gdtr:
        .word   23
        .long   first_gdt

        .macro  save_all
        .irp    r, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
        pushq   %\r
        .endr
        cld
        .endm
        .macro  restore_all
        .irp    r, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
        popq    %\r
        .endr
        .endm

/* SYSCALL: RAX the number, RDI and RSI the arguments, RAX the result. GS has the kernel's stack, then room for the user's. */
        .globl  call_entry
call_entry:
        swapgs
        movq    %rsp, %gs:8
        movq    %gs:0, %rsp
        save_all
        movq    %rsi, %rdx
        movq    %rdi, %rsi
        movq    %rax, %rdi
        call    serve_call
        movq    %rax, 64(%rsp)
        restore_all
        movq    %gs:8, %rsp
        swapgs
        sysretq

        .globl  page_fault_gate
page_fault_gate:
        save_all
        testb   $3, 88(%rsp)
        jz      4f
        swapgs
4:      movq    %cr2, %rdi
        movq    72(%rsp), %rsi
        call    serve_page_fault
        testb   $3, 88(%rsp)
        jz      5f
        swapgs
5:      restore_all
        addq    $8, %rsp
        iretq

/* Any other exception is a mistake of the kernel's; whether the first word is an error code or RIP does not matter then. */
        .globl  other_gate
other_gate:
        movq    (%rsp), %rdi
        movq    8(%rsp), %rsi
        call    refuse

        .globl  enter_user, kernel_call
enter_user:
        pushq   $USER_DATA
        pushq   $user_stack_top - 8
        pushq   $2
        pushq   $USER_CODE
        pushq   %rdi
        iretq

kernel_call:
        movl    %edi, %eax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        syscall
        ret

        .data
        .balign 8
        .globl  per_cpu
per_cpu:
        .quad   kernel_stack_top, 0

        .bss
        .balign 4096
first_root:
        .skip   4096
first_pointers:
        .skip   4096
first_directory:
        .skip   4096
        .skip   16384
        .globl  kernel_stack_top
kernel_stack_top:
        .skip   65536
user_stack_top:
        .section .note.GNU-stack, "", @progbits
