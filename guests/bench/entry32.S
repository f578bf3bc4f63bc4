/* The 32-bit kernel: from a multiboot 1 loader to kernel_main, from gates to C and back, and into ring 3. */
#include "bench/kernel.h"
        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl  _start
_start: cli
        cld
        movl    $kernel_stack_top, %esp
        xorl    %ebp, %ebp
        pushl   %ebx
        pushl   %eax
        call    kernel_main

        .macro  save_all
        pushl   %ds
        pushl   %es
        pushal
        movl    $KERNEL_DATA, %ebp
        movl    %ebp, %ds
        movl    %ebp, %es
        cld
        .endm

/* INT 0x80: EAX the number, EBX and ECX the arguments, EAX the result. */
        .globl  call_gate
call_gate:
        save_all
        pushl   %ecx
        pushl   %ebx
        pushl   %eax
        call    serve_call
        addl    $12, %esp
        movl    %eax, 28(%esp)
        popal
        popl    %es
        popl    %ds
        iret

        .globl  page_fault_gate
page_fault_gate:
        save_all
        pushl   40(%esp)
        movl    %cr2, %eax
        pushl   %eax
        call    serve_page_fault
        addl    $8, %esp
        popal
        popl    %es
        popl    %ds
        addl    $4, %esp
        iret

/* Any other exception is a mistake of the kernel's; whether the first word is an error code or EIP does not matter then. */
        .globl  other_gate
other_gate:
        save_all
        pushl   44(%esp)
        pushl   44(%esp)
        call    refuse

        .globl  enter_user, kernel_call
enter_user:
        movl    4(%esp), %eax
        movl    $USER_DATA, %ecx
        movl    %ecx, %ds
        movl    %ecx, %es
        pushl   %ecx
        pushl   $user_stack_top - 12
        pushl   $2
        pushl   $USER_CODE
        pushl   %eax
        iret

kernel_call:
        pushl   %ebx
        movl    8(%esp), %eax
        movl    12(%esp), %ebx
        movl    16(%esp), %ecx
        int     $0x80
        popl    %ebx
        ret

        .bss
        .balign 4096
        .skip   16384
        .globl  kernel_stack_top
kernel_stack_top:
        .skip   65536
user_stack_top:
        .section .note.GNU-stack, "", @progbits
