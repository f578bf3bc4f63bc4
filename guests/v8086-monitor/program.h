/* What the 8086 program and its monitor agree on; the assembler reads this too. */
#pragma once
#define SEGMENT 0x1000
#define STACK   0x0ffe
#define SERVICE 0x60  /* the program's own */
#define MONITOR 0x21  /* AH = 2: print DL */
#define ASK_TICK 0x22 /* the monitor makes a timer interrupt pending */
#define END     0x20
#define TIMER   0x08
#define PERMITTED_PORT 0x80
#define PLAYED_PORT    0x90

#define RESULTS 0x0800
#define IF_CLEAR 0
#define IF_SET 2
#define POPF_CLEAR 4
#define POPF_SET 6
#define SERVICE_VALUE 8
#define SERVICE_FLAGS 10
#define SERVICE_SP 12
#define HANDLER_FLAGS 14
#define PORT_VALUE 16
#define PORT_WORD 18
#define TICKS 20
#define TICKS_CLOSED 22
#define TICKS_OPEN 24
#define ALIAS 26
