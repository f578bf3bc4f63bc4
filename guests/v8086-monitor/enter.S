/* enter(frame): IRET to a frame of up to nine doublewords whose address is the argument. leave() comes back from there. */
#include "modes/selectors.h"

        .text
        .globl  enter
enter:  movl    4(%esp), %eax
        pushl   %ebp
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        movl    %esp, entered_sp
        movl    %esp, tss + 4                   /* traps use the stack from here down */
        movl    %eax, %esp
        movl    $USER_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        iret

        .globl  leave_program
leave_program:
        movl    entered_sp, %esp
        movl    $KERNEL_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        pushl   $2
        popfl
        popl    %edi
        popl    %esi
        popl    %ebx
        popl    %ebp
        ret

/* Level 3, 32 bits: CLI and STI many times over, then once with a virtual interrupt pending. */
        .globl  user_loop, user_sti, user_cli, user_popf
user_loop:
        movl    $1000, %ecx
1:      cli
        sti
        decl    %ecx
        jnz     1b
        int     $0x80
user_cli:
        cli
        int     $0x80
user_sti:
        sti
        int     $0x80
user_popf:
        pushfl
        orl     $0x200, (%esp)
        popfl
        int     $0x80

        .bss
        .balign 4
entered_sp:
        .skip   4
        .section .note.GNU-stack, "", @progbits
