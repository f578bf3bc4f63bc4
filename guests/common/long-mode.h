/* For assembly: from a multiboot 1 loader's 32-bit protected mode to long mode, step by step. */
#ifndef COMMON_LONG_MODE_H
#define COMMON_LONG_MODE_H

        .set    MSR_EFER, 0xc0000080
        .set    SCE_LME, 0x101
        .set    NXE, 0x800

/* Saves what the loader gave in EAX and EBX into EDI and ESI; ends the run with 3 if the processor has no long mode. */
        .macro  require_long_mode
        cli
        cld
        movl    %eax, %edi
        movl    %ebx, %esi
        movl    $0x80000001, %eax
        cpuid
        btl     $29, %edx
        jc      1f
        movl    $3, %eax
        outl    %eax, $0xf4
        hlt
1:
        .endm

/* Fills the page directory at `directory` with the first GiB: present, writable, 2 MiB. */
        .macro  map_first_gib directory
        movl    $\directory, %ebx
        movl    $0x83, %eax
2:      movl    %eax, (%ebx)
        addl    $8, %ebx
        addl    $0x200000, %eax
        cmpl    $0x40000083, %eax
        jne     2b
        .endm

/* Turns long mode on with the tables at `root`; 64-bit code begins with the next far jump. */
        .macro  turn_on_long_mode root, efer
        movl    $0x20, %eax                     /* PAE */
        movl    %eax, %cr4
        movl    $\root, %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $\efer, %eax
        wrmsr
        movl    $0x80010011, %eax               /* PG, WP, ET, PE */
        movl    %eax, %cr0
        .endm

#endif
