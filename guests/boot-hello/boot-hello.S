/* Says hello from a boot sector, and checks from inside what the firmware's services do: one line `ok NAME` a check, by INT 10H
   on the screen and on COM1. Each check returns with CF clear if it holds. */
#include "boot/boot.h"

        .equ    BUFFER, 0xa000
        .equ    OTHER_BUFFER, 0xb000
        .equ    TICKS, 0x46c
        .equ    SMAP, 0x534d4150

        .code16
        .text
        .globl  main
main:   movw    $start, %si
        call    print
        movw    $checks, %bx
1:      movw    (%bx), %ax
        testw   %ax, %ax
        jz      2f
        pushw   %bx
        call    *%ax
        popw    %bx
        movw    $ok, %si
        jnc     3f
        movw    $not_ok, %si
        movb    $1, failures
3:      call    print
        movw    2(%bx), %si
        call    print
        movw    $newline, %si
        call    print
        addw    $4, %bx
        jmp     1b
2:      movw    $done, %si
        call    print
        cmpb    $0, failures
        je      4f
        movw    $ISA_DEBUG_EXIT, %dx
        movw    $STATUS_CHECK_FAILED, %ax
        outw    %ax, %dx
4:      cli
        hlt
        jmp     4b

/* DS:SI, up to a zero byte, on both; keeps BX. */
print:  lodsb
        testb   %al, %al
        jz      1f
        pushw   %ax
        cmpb    $'\n', %al
        jne     2f
        movw    $0x0e0d, %ax            /* the screen wants a carriage return as well */
        call    type
        movb    $'\n', %al
2:      call    type
        popw    %ax
        SEND_AL
        jmp     print
1:      ret
type:   pushw   %bx
        movb    $0x0e, %ah
        movw    $0x0007, %bx
        int     $0x10
        popw    %bx
        ret

/* A fixed disk, and the only one of its kind that there is. */
check_drive:
        cmpb    $0x80, drive
        jne     bad
        movb    $0x08, %ah
        movb    drive, %dl
        int     $0x13
        jc      bad
        cmpb    $1, %dl
        jb      bad
good:   xorw    %ax, %ax
        movw    %ax, %es
        clc
        ret
bad:    xorw    %ax, %ax
        movw    %ax, %es
        stc
        ret

/* INT 12H is the data area's word, and leaves room for an EBDA at most. */
check_conventional_memory:
        int     $0x12
        cmpw    0x413, %ax
        jne     bad
        cmpw    $600, %ax
        jb      bad
        cmpw    $640, %ax
        ja      bad
        jmp     good

/* The second sector by CHS is what the boot sector loaded. */
check_read_chs:
        movw    $BUFFER, %bx
        movw    $0x0201, %ax
        movw    $2, %cx
        call    disk
        jc      bad
        movw    $BUFFER, %si
same:   movw    $0x7e00, %di
        movw    $256, %cx
        repe    cmpsw
        jne     bad
        jmp     good

/* INT 13H with head 0 of the boot drive. */
disk:   movb    $0, %dh
        movb    drive, %dl
        int     $0x13
        ret

/* The same sector by its block number. */
check_read_lba:
        movb    $0x41, %ah
        movw    $0x55aa, %bx
        call    disk
        jc      bad
        cmpw    $0xaa55, %bx
        jne     bad
        movw    $OTHER_BUFFER, packet + 4
        movb    $0x42, %ah
        movw    $packet, %si
        call    disk
        jc      bad
        movw    $OTHER_BUFFER, %si
        jmp     same

/* What is written to the spare sector is read back. */
check_write:
        notw    spare
        movw    $spare, %bx
        movw    $0x0301, %ax
        call    spare_sector
        jc      bad
        movw    $BUFFER, %bx
        movw    $0x0201, %ax
        call    spare_sector
        jc      bad
        movw    BUFFER, %ax
        cmpw    spare, %ax
        jne     bad
        jmp     good
spare_sector:
        movw    $spare - 0x7c00, %cx
        shrw    $9, %cx
        incw    %cx                     /* sectors count from 1 */
        jmp     disk

/* A sector that no track has: an error, with CF. */
check_disk_error:
        movw    $BUFFER, %bx
        movw    $0x0201, %ax
        movw    $0, %cx
        call    disk
        jnc     bad
        testb   %ah, %ah
        jz      bad
        jmp     good

/* The map's RAM at 1 MiB is what AX = E801H tells, and there is conventional memory. */
check_memory_map:
        xorl    %ebx, %ebx
        movl    %ebx, found
1:      movl    $0xe820, %eax
        movl    $20, %ecx
        movl    $SMAP, %edx
        movw    $BUFFER, %di
        int     $0x15
        jc      bad
        cmpl    $SMAP, %eax
        jne     bad
        cmpl    $1, BUFFER + 16
        jne     2f
        cmpl    $0x100000, BUFFER
        jne     2f
        movl    BUFFER + 8, %eax
        movl    %eax, found
2:      testl   %ebx, %ebx
        jnz     1b
        movw    $0xe801, %ax
        int     $0x15
        jc      bad
        movzwl  %ax, %eax
        movzwl  %bx, %ebx
        shll    $10, %eax
        shll    $16, %ebx
        addl    %ebx, %eax
        subl    found, %eax             /* firmware may keep some of the end for itself */
        cmpl    $0x100000, %eax
        ja      bad
        jmp     good

/* FFFF:0510 and 0000:0500 are one place exactly while the A20 gate is closed. */
check_a20:
        movw    $0x2401, %ax
        int     $0x15
        jc      bad
        call    compare_wrap
        je      bad
        movw    $0x2400, %ax
        int     $0x15
        jc      bad
        call    compare_wrap
        pushf
        movw    $0x2401, %ax
        int     $0x15
        popf
        jne     bad
        jmp     good
compare_wrap:
        movw    $0xffff, %ax
        movw    %ax, %es
        movw    $0x1234, 0x500
        movw    $0x4321, %es:0x510
        cmpw    $0x4321, 0x500
        ret

/* A character typed is in text memory where the cursor was, and the cursor has moved. */
check_screen:
        movw    $0x0300, %ax
        movw    $0, %bx
        int     $0x10
        pushw   %dx
        movb    $'*', %al
        call    type
        movw    $0x0300, %ax
        movw    $0, %bx
        int     $0x10
        popw    %ax
        subw    %ax, %dx
        cmpw    $1, %dx
        jne     bad
        movzbw  %al, %di
        movb    $160, %cl
        shrw    $8, %ax
        mulb    %cl
        addw    %di, %di
        addw    %ax, %di
        movw    $0xb800, %ax
        movw    %ax, %es
        movb    $'*', %al
        cmpb    %es:(%di), %al
        jne     bad
        movb    $'\b', %al
        call    type
        jmp     good

/* Nobody has typed. */
check_keyboard:
        movb    $0x01, %ah
        int     $0x16
        jnz     bad
        jmp     good

/* BCD, and within the limits of hours, minutes and seconds. */
check_clock:
        movb    $0x02, %ah
        int     $0x1a
        jc      bad
        cmpb    $0x23, %ch
        ja      bad
        cmpb    $0x59, %cl
        ja      bad
        cmpb    $0x59, %dh
        ja      bad
        jmp     good

/* Asleep, the tick count goes on, by INT 1CH each time. */
check_timer:
        cli
        pushl   4 * 0x1c
        movw    $tick, 4 * 0x1c
        movw    $0, 4 * 0x1c + 2
        movb    $0, ticks
        sti
        movl    TICKS, %ebp
1:      hlt
        cmpb    $3, ticks
        jb      1b
        cli
        popl    4 * 0x1c
        sti
        movl    TICKS, %eax
        subl    %ebp, %eax
        cmpl    $3, %eax
        jb      bad
        jmp     good
tick:   incb    %cs:ticks
        iret

/* 110 ms are two ticks or three, or one more than that if the first was near. */
check_wait:
        movl    TICKS, %ebp
        movb    $0x86, %ah
        movw    $110000 >> 16, %cx
        movw    $110000 & 0xffff, %dx
        int     $0x15
        jc      bad
        movl    TICKS, %eax
        subl    %ebp, %eax
        cmpl    $1, %eax
        jb      bad
        cmpl    $4, %eax
        ja      bad
        jmp     good

        .section .rodata
start:  .asciz  "boot-hello: hello from a boot sector\n"
done:   .asciz  "boot-hello: done\n"
ok:     .asciz  "ok "
not_ok: .asciz  "FAILED "
newline: .asciz "\n"
        .macro  check name, function
        .pushsection .rodata.names, "a"
9:      .asciz  "\name"
        .popsection
        .word   \function, 9b
        .endm
checks: check   drive, check_drive
        check   conventional-memory, check_conventional_memory
        check   read-chs, check_read_chs
        check   read-lba, check_read_lba
        check   write, check_write
        check   disk-error, check_disk_error
        check   memory-map, check_memory_map
        check   a20, check_a20
        check   screen, check_screen
        check   keyboard, check_keyboard
        check   clock, check_clock
        check   timer, check_timer
        check   wait, check_wait
        .word   0

        .data
        .balign 4
packet: .byte   16, 0
        .word   1, 0, 0
        .quad   1
found:  .long   0
ticks:  .byte   0
failures: .byte 0
        .balign 512
spare:  .word   0x5a5a
        .section .note.GNU-stack, "", @progbits
