/* Climbs from real mode to 64-bit mode and back, and checks on each rung what that mode changes: one line `ok NAME` a check, on
   COM1. Each check returns with CF clear if it holds. */
#include "boot/boot.h"

        .equ    CODE32, 0x08
        .equ    DATA32, 0x10
        .equ    CODE16, 0x18
        .equ    DATA16, 0x20
        .equ    CODE64, 0x28
        .equ    BUFFER, 0xa000
        .equ    STACK, 0x7c00
        /* Page tables: 4 KiB each, and a page that is mapped twice. */
        .equ    PAGES32, 0x10000
        .equ    TABLE32, 0x11000
        .equ    PML4, 0x12000
        .equ    PDPT, 0x13000
        .equ    PD, 0x14000
        .equ    WINDOW, 0x30000
        .equ    EFER, 0xc0000080
        .equ    HIGH, 0xffff800000000000

        .code16
        .text
        .globl  main
main:   movw    $start, %si
        call    print16
        call    real_segments_wrap
        call    line16
        call    real_address_wraps
        call    line16
        call    real_operands32
        call    line16
        call    real_interrupt
        call    line16
        call    unreal
        call    line16
        jmp     enter_protected

        .macro  print_routines width, pointer
print\width:
        lodsb
        testb   %al, %al
        jz      1f
        SEND_AL
        jmp     print\width
1:      ret
/* `ok` or `FAILED` by CF, and the next of the names. */
line\width:
        mov     $ok, \pointer
        jnc     1f
        mov     $not_ok, \pointer
        movb    $1, failures
1:      call    print\width
        mov     next_name, \pointer
        call    print\width
        mov     \pointer, next_name     /* after its zero byte */
        ret
good\width:
        clc
        ret
bad\width:
        stc
        ret
        .endm

        print_routines 16, %si

/* An effective address of 16 bits wraps within its segment: 8000H + 8010H is 10H. */
real_segments_wrap:
        movw    $BUFFER >> 4, %ax
        movw    %ax, %es
        movw    $0x5aa5, %es:0x10
        movw    $0x8000, %bx
        movw    $0x8010, %si
        cmpw    $0x5aa5, %es:(%bx,%si)
        jne     bad16
        jmp     good16

/* Segment and offset are added as selector * 16 + offset: two names of one byte. */
real_address_wraps:
        movw    $0x0fff, %ax
        movw    %ax, %es
        movb    $0x77, %es:0x0110       /* 0FFF:0110 */
        movw    $0x1010, %ax
        movw    %ax, %es
        cmpb    $0x77, %es:0            /* 1010:0000 */
        jne     bad16
        jmp     good16

/* Operands and addresses of 32 bits are there in real mode, by their prefixes. */
real_operands32:
        movl    $0x12345678, %eax
        imull   $3, %eax, %ecx
        cmpl    $0x369d0368, %ecx
        jne     bad16
        movl    $BUFFER, %edx
        movl    %ecx, (%edx)
        movl    $2, %esi
        cmpw    $0x369d, (%edx,%esi)
        jne     bad16
        jmp     good16

/* INT n through the table at 0: FLAGS, CS and IP on the stack, IF clear inside. */
real_interrupt:
        pushl   4 * 0x60
        movw    $1f, 4 * 0x60
        movw    %cs, 4 * 0x60 + 2
        stc
        int     $0x60
        popl    4 * 0x60
        cmpw    $0x0201, %ax            /* as they were before: IF and CF */
        jne     bad16
        andw    $0x0200, %bx
        jnz     bad16
        jmp     good16
1:      pushfw
        popw    %bx
        movw    %sp, %bp
        movw    4(%bp), %ax
        andw    $0x0201, %ax
        iretw

/* A limit of 4 GiB loaded in protected mode stays in real mode: FS reaches 2 MiB. */
unreal: cli
        lgdt    gdtr
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        movw    $DATA32, %bx
        movw    %bx, %fs
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmp    $0, $1f
1:      sti
        movl    $0x200000, %ebx
        movl    $0xcafe2bad, %fs:(%ebx)
        cmpl    $0xcafe2bad, %fs:(%ebx)
        jne     bad16
        jmp     good16

enter_protected:
        cli
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $CODE32, $1f

        .code32
1:      movw    $DATA32, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        lidt    idtr32
        call    protected_flat
        call    line32
        call    protected_limit
        call    line32
        call    protected_interrupt
        call    line32
        call    protected_code16
        call    line32
        call    protected_paging
        call    line32
        jmp     enter_long

        print_routines 32, %esi

/* One segment reaches all of memory. */
protected_flat:
        movl    $0x13579bdf, 0x200004
        movl    $0x200000, %ebx
        movl    $1, %ecx
        cmpl    $0x13579bdf, (%ebx,%ecx,4)
        jne     bad32
        cmpl    $0xcafe2bad, (%ebx)     /* what real mode left there */
        jne     bad32
        smsw    %ax
        testb   $1, %al
        jz      bad32
        jmp     good32

/* A segment of 64 KiB ends there: #GP. The handler goes on at EDX. */
protected_limit:
        movw    $DATA16, %ax
        movw    %ax, %es
        movl    $0, vector
        movl    $1f, %edx
        movb    %es:0x10000, %al
1:      movw    $DATA32, %ax
        movw    %ax, %es
        cmpl    $13, vector
        jne     bad32
        jmp     good32

/* INT n through a 32-bit gate; the frame's EIP is that of the next instruction. */
protected_interrupt:
        movl    $0, vector
        movl    $1f, %edx
        int     $0x20
1:      cmpl    $0x20, vector
        jne     bad32
        jmp     good32

/* A segment with D clear: the same bytes are 16-bit code. 66 B8 is MOV EAX in it, MOV AX outside. */
protected_code16:
        xorl    %eax, %eax
        lcall   $CODE16, $1f
        cmpl    $0xbbbb1111, %eax
        jne     bad32
        jmp     good32
        .code16
1:      movl    $0xbbbb1111, %eax
        lretl
        .code32

/* 4 KiB pages: 4 MiB as they are, but for one page that shows another one. The processor sets accessed and dirty bits. */
protected_paging:
        movl    $PAGES32, %edi
        movl    $2048, %ecx
        xorl    %eax, %eax
        rep     stosl
        movl    $TABLE32 + 3, PAGES32
        movl    $3, %eax
        movl    $TABLE32, %edi
1:      stosl
        addl    $0x1000, %eax
        cmpl    $0x400003, %eax
        jne     1b
        movl    $0x200003, TABLE32 + 4 * (WINDOW >> 12)
        movl    $PAGES32, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        jmp     2f
2:      movl    WINDOW + 4, %ebx
        movl    $0x2468ace0, WINDOW + 8
        movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        cmpl    $0x13579bdf, %ebx
        jne     bad32
        cmpl    $0x2468ace0, 0x200008
        jne     bad32
        movl    TABLE32 + 4 * (WINDOW >> 12), %eax
        andl    $0x60, %eax
        cmpl    $0x60, %eax
        jne     bad32
        testb   $0x40, TABLE32 + 4 * 0x100
        jnz     bad32
        jmp     good32

/* Every gate leads to a handler that notes its vector. */
        .macro  handler32 number, code
handler32_\number:
        movl    $\number, vector
        .if     \code
        addl    $4, %esp
        .endif
        movl    %edx, (%esp)
        iret
        .endm
        handler32 13, 1
        handler32 0x20, 0

/* 2 MiB by one large page, at 0 and at the start of the higher half. */
enter_long:
        movl    $PML4, %edi
        movl    $3072, %ecx
        xorl    %eax, %eax
        rep     stosl
        movl    $PDPT + 3, PML4
        movl    $PDPT + 3, PML4 + 8 * 256
        movl    $PD + 3, PDPT
        movl    $0x83, PD
        movl    $0x200083, PD + 8
        movl    %cr4, %eax
        orl     $0x20, %eax
        movl    %eax, %cr4
        movl    $PML4, %eax
        movl    %eax, %cr3
        movl    $EFER, %ecx
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        ljmp    $CODE64, $1f

        .code64
1:      lidt    idtr64
        call    long_active
        call    line64
        call    long_registers
        call    line64
        call    long_addresses
        call    line64
        call    long_interrupt
        call    line64
        call    long_canonical
        call    line64
        call    long_compatibility
        call    line64
        jmp     leave_long

        print_routines 64, %rsi

/* EFER.LMA is the processor's own word that IA-32e mode is on. */
long_active:
        movl    $EFER, %ecx
        rdmsr
        andl    $0x500, %eax
        cmpl    $0x500, %eax
        jne     bad64
        jmp     good64

/* Sixteen registers of 64 bits; a 32-bit result clears the upper half, an 8-bit one does not. */
long_registers:
        movabsq $0x123456789abcdef0, %r15
        movq    %r15, %r8
        imulq   $16, %r8, %r9
        movabsq $0x23456789abcdef00, %rax
        cmpq    %rax, %r9
        jne     bad64
        movl    %r15d, %r10d
        movabsq $0x9abcdef0, %rax
        cmpq    %rax, %r10
        jne     bad64
        movb    $0x11, %r15b
        movabsq $0x123456789abcde11, %rax
        cmpq    %rax, %r15
        jne     bad64
        jmp     good64

/* RIP-relative, and the same byte by the higher half. */
long_addresses:
        movl    1f(%rip), %eax
        cmpl    $0x0badcafe, %eax
        jne     bad64
        movabsq $HIGH, %rbx
        leaq    1f(%rip), %rcx
        cmpl    %eax, (%rbx,%rcx)
        jne     bad64
        movl    $0xcafe2bad, %eax
        cmpl    %eax, 0x200000
        jne     bad64
        jmp     good64
1:      .long   0x0badcafe

/* Through a 64-bit gate, SS and RSP are pushed always, RSP after it was aligned to 16 bytes. */
long_interrupt:
        pushq   %rbp
        movq    %rsp, %rbp
        andq    $-16, %rsp
        subq    $8, %rsp
        movl    $0, vector
        movl    $1f, %edx
        movq    %rsp, %r8
        int     $0x20
1:      movq    %rbp, %rsp
        popq    %rbp
        cmpl    $0x20, vector
        jne     bad64
        cmpq    %r8, saved_rsp
        jne     bad64
        leaq    -8(%r8), %rax           /* five quadwords below it: 8 were lost to the alignment */
        subq    $40, %rax
        cmpq    %rax, saved_frame
        jne     bad64
        jmp     good64

/* An address whose upper bits are not all alike: #GP. */
long_canonical:
        movl    $0, vector
        movl    $1f, %edx
        movabsq $0x0000800000000000, %rbx
        movb    (%rbx), %al
1:      cmpl    $13, vector
        jne     bad64
        jmp     good64

/* A code segment with L clear is 32-bit code: 40H is INC EAX there, a prefix here. */
long_compatibility:
        movl    $41, %eax
        lcall   *far32(%rip)
        cmpl    $42, %eax
        jne     bad64
        jmp     good64
        .code32
compatible:
        incl    %eax
        lret
        .code64

        .macro  handler64 number, code
handler64_\number:
        movl    $\number, vector
        .if     \code
        addq    $8, %rsp
        .endif
        movq    %rsp, saved_frame
        movq    24(%rsp), %rax
        movq    %rax, saved_rsp
        movl    %edx, %edx
        movq    %rdx, (%rsp)
        iretq
        .endm
        handler64 13, 1
        handler64 0x20, 0

/* Down again: compatibility mode, paging off, IA-32e mode off, a 16-bit segment, real mode. */
leave_long:
        ljmp    *far32_leave(%rip)
        .code32
leaving:
        movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        movl    $EFER, %ecx
        rdmsr
        andl    $0xfffffeff, %eax
        wrmsr
        rdmsr
        testl   $0x400, %eax            /* LMA goes with it */
        setnz   failures32
        movl    %cr4, %eax
        andl    $0xffffffdf, %eax
        movl    %eax, %cr4
        ljmp    $CODE16, $1f
        .code16
1:      movw    $DATA16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %ss
        movl    %cr0, %eax
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmp    $0, $2f
2:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %ss
        movw    $STACK, %sp
        lidt    idtr16
        sti
        cmpb    $1, failures32          /* CF, inverted: 0 is below 1 */
        cmc
        call    line16
        call    real_services
        call    line16
        movw    $done, %si
        call    print16
        cmpb    $0, failures
        je      3f
        movw    $ISA_DEBUG_EXIT, %dx
        movw    $STATUS_CHECK_FAILED, %ax
        outw    %ax, %dx
3:      cli
        hlt
        jmp     3b

/* The firmware answers as before: the second sector is what it was. */
real_services:
        movw    $BUFFER, %bx
        movw    $0x0201, %ax
        movw    $2, %cx
        movb    $0, %dh
        movb    drive, %dl
        int     $0x13
        jc      bad16
        cld
        movw    $BUFFER, %si
        movw    $0x7e00, %di
        movw    $256, %cx
        repe    cmpsw
        jne     bad16
        jmp     good16

        .section .rodata
start:  .asciz  "boot-ladder: start\n"
done:   .asciz  "boot-ladder: done\n"
ok:     .asciz  "ok "
not_ok: .asciz  "FAILED "
/* In the order of the checks. */
names:  .asciz  "real-segments-wrap\n"
        .asciz  "real-address\n"
        .asciz  "real-operands32\n"
        .asciz  "real-interrupt\n"
        .asciz  "unreal\n"
        .asciz  "protected-flat\n"
        .asciz  "protected-limit\n"
        .asciz  "protected-interrupt\n"
        .asciz  "protected-code16\n"
        .asciz  "protected-paging\n"
        .asciz  "long-active\n"
        .asciz  "long-registers\n"
        .asciz  "long-addresses\n"
        .asciz  "long-interrupt\n"
        .asciz  "long-canonical\n"
        .asciz  "long-compatibility\n"
        .asciz  "back-inactive\n"
        .asciz  "back-services\n"

        .balign 8
/* Type, S, DPL, P and then limit, L, D and G: code and data of 4 GiB, of 64 KiB with D clear, and 64-bit code. */
gdt:    .quad   0
        .quad   0x00cf9b000000ffff
        .quad   0x00cf93000000ffff
        .quad   0x00009b000000ffff
        .quad   0x000093000000ffff
        .quad   0x00af9b000000ffff
gdtr:   .word   . - gdt - 1
        .long   gdt
far32:  .long   compatible
        .word   CODE32
far32_leave:
        .long   leaving
        .word   CODE32

/* Interrupt gates; handlers lie below 64 KiB. */
        .balign 8
idt32:  .fill   13, 8, 0
        .word   handler32_13, CODE32, 0x8e00, 0
        .fill   0x20 - 14, 8, 0
        .word   handler32_0x20, CODE32, 0x8e00, 0
idt32_end:
idt64:  .fill   13 * 2, 8, 0
        .word   handler64_13, CODE64, 0x8e00, 0, 0, 0, 0, 0
        .fill   (0x20 - 14) * 2, 8, 0
        .word   handler64_0x20, CODE64, 0x8e00, 0, 0, 0, 0, 0
idt64_end:
idtr16: .word   0x3ff
        .long   0
idtr32: .word   idt32_end - idt32 - 1
        .long   idt32
idtr64: .word   idt64_end - idt64 - 1
        .quad   idt64

        .data
        .balign 8
next_name: .quad names
saved_rsp: .quad 0
saved_frame: .quad 0
vector: .long   0
failures: .byte 0
failures32: .byte 0
        .section .note.GNU-stack, "", @progbits
