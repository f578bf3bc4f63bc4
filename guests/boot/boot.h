/* What the boot guests share. Text for the console is printed on COM1, polled, by code that assembles the same in every mode. */

#define COM1 0x3f8
#define ISA_DEBUG_EXIT 0xf4
/* Codes on failure, as written to port 0xF4. */
#define STATUS_NOT_LOADED 2
#define STATUS_CHECK_FAILED 3

/* Sends AL; DX is lost. */
#define SEND_AL                                                                                                          \
        movb    %al, %ah;                                                                                                \
        movw    $(COM1 + 5), %dx;                                                                                        \
90:     inb     %dx, %al;                                                                                                \
        testb   $0x20, %al;                                                                                              \
        jz      90b;                                                                                                     \
        movb    %ah, %al;                                                                                                \
        movw    $COM1, %dx;                                                                                              \
        outb    %al, %dx
