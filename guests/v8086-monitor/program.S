/* The 8086 program: a flat image of at most 4 KiB that is copied to 1000:0000. It does not know that it is watched. It keeps its
   results in words at RESULTS, which the monitor reads; INT 20H ends it. */
#include "v8086-monitor/program.h"

        .section .rodata
        .globl  program, program_end
        .code16
program:
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $STACK, %sp
        xorw    %ax, %ax
        movw    %ax, %es

/* Its own handlers in the vector table: a service, the timer. */
        movw    $service - program, %es:4 * SERVICE
        movw    %cs, %es:4 * SERVICE + 2
        movw    $timer - program, %es:4 * TIMER
        movw    %cs, %es:4 * TIMER + 2

/* CLI, STI and PUSHF: what the program sees of IF. */
        cli
        pushfw
        popw    %ds:RESULTS + IF_CLEAR
        sti
        pushfw
        popw    %ds:RESULTS + IF_SET

/* POPF both ways. */
        pushfw
        popw    %ax
        andw    $~0x200, %ax
        pushw   %ax
        popfw
        pushfw
        popw    %ds:RESULTS + POPF_CLEAR
        orw     $0x200, %ax
        pushw   %ax
        popfw
        pushfw
        popw    %ds:RESULTS + POPF_SET

/* INT n to a handler of its own, which sees IF clear, and IRET. */
        movw    $41, %ax
        stc
        int     $SERVICE
        movw    %ax, %ds:RESULTS + SERVICE_VALUE
        pushfw
        popw    %ds:RESULTS + SERVICE_FLAGS
        movw    %sp, %ds:RESULTS + SERVICE_SP

/* A service of the monitor: one character each. */
        movw    $message - program, %si
1:      lodsb
        testb   %al, %al
        jz      2f
        movb    %al, %dl
        movb    $2, %ah
        int     $MONITOR
        jmp     1b

/* Ports: one that the bit map permits, one that the monitor plays. */
2:      movb    $0x5a, %al
        outb    %al, $PERMITTED_PORT
        movb    $0x77, %al
        outb    %al, $PLAYED_PORT
        inb     $PLAYED_PORT, %al
        xorb    %ah, %ah
        movw    %ax, %ds:RESULTS + PORT_VALUE
        movw    $PLAYED_PORT, %dx
        inw     %dx, %ax
        movw    %ax, %ds:RESULTS + PORT_WORD

/* HLT until three ticks of the timer have come. */
        sti
3:      hlt
        cmpw    $3, %ds:RESULTS + TICKS
        jb      3b

/* With interrupts closed a tick stays pending, and comes with STI. */
        cli
        int     $ASK_TICK
        movw    %ds:RESULTS + TICKS, %ax
        movw    %ax, %ds:RESULTS + TICKS_CLOSED
        sti
        nop
        movw    %ds:RESULTS + TICKS, %ax
        movw    %ax, %ds:RESULTS + TICKS_OPEN

/* 64 KiB wrap and segment arithmetic, without a trap. */
        movw    $0x0ff0, %ax
        movw    %ax, %es
        movw    %es:0x100 + RESULTS + IF_SET, %ax
        movw    %ax, %ds:RESULTS + ALIAS
        int     $END
        hlt

service:
        pushw   %bp
        movw    %sp, %bp
        pushfw
        popw    %ds:RESULTS + HANDLER_FLAGS
        andb    $~1, 6(%bp)                     /* CF in the image */
        popw    %bp
        incw    %ax
        iretw

timer:  incw    %ds:RESULTS + TICKS
        iretw

message:
        .asciz  "8086 program: hello from virtual-8086 mode\n"
program_end:
        .code32
        .section .note.GNU-stack, "", @progbits
