/* Never ends and leaves memory alone: for time-outs, instruction limits and kicks. */
        .text
        .globl  main
main:   pushl   $text
        call    print
1:      incl    %eax
        jmp     1b

        .data
text:   .asciz  "spin: start\n"
        .section .note.GNU-stack, "", @progbits
