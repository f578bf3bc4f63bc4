/*
 * The end without a handler: with an empty IDT, #UD cannot be delivered (#GP), that cannot be delivered either (#DF), and
 * neither can that: the processor shuts down. SDM vol. 3, "Interrupt 8: Double Fault Exception".
 */
        .text
        .globl  main
main:   movl    $text, %eax
        pushl   %eax
        call    print
        lidt    empty
        ud2

        .data
text:   .asciz  "triple-fault: now\n"
empty:  .word   0
        .long   0
        .section .note.GNU-stack, "", @progbits
