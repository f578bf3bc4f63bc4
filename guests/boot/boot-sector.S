/* The first sector of both boot guests: loads the rest of the image behind itself by INT 13H and goes on at `main`, in real mode,
   with CS, DS, ES and SS 0, a stack below the sector and the drive in `drive`. */
#include "boot/boot.h"

        .code16
        .section .boot, "ax"
        .globl  drive
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        ljmp    $0, $1f                 /* some firmware enters at 07C0:0000 */
1:      sti
        movb    %dl, drive

        /* One sector at a time, so that no track's end lies within a transfer. The geometry is the disk's. */
        movb    $0x08, %ah
        xorw    %di, %di
        int     $0x13
        jc      failed
        xorw    %ax, %ax
        movw    %ax, %es
        andw    $0x3f, %cx
        movw    %cx, track
        movw    $1, %si                 /* the block to read */
        movw    $0x7e00, %bx
2:      cmpw    $_image_sectors, %si
        jae     main
        movw    %si, %ax
        divb    track                   /* AL = track, AH = sector */
        movb    %ah, %cl
        incb    %cl
        movb    $0, %ch
        movb    %al, %dh                /* images are shorter than a cylinder */
        movb    drive, %dl
        movw    $0x0201, %ax
        int     $0x13
        jc      failed
        addw    $512, %bx
        incw    %si
        jmp     2b

failed: movw    $0xf4, %dx
        movw    $STATUS_NOT_LOADED, %ax
        outw    %ax, %dx
3:      cli
        hlt
        jmp     3b

drive:  .byte   0
track:  .word   0
        .org    510
        .word   0xaa55
        .section .note.GNU-stack, "", @progbits
