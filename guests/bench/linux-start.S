/* Where Linux enters a program: the number of arguments and their addresses are on the stack. */
        .text
        .globl  _start
#ifdef __x86_64__
_start: movq    (%rsp), %rdi
        leaq    8(%rsp), %rsi
        xorl    %ebp, %ebp
        andq    $-16, %rsp
        call    linux_main
#else
_start: movl    (%esp), %eax
        leal    4(%esp), %edx
        xorl    %ebp, %ebp
        andl    $-16, %esp
        subl    $8, %esp
        pushl   %edx
        pushl   %eax
        call    linux_main
#endif
        .section .note.GNU-stack, "", @progbits
