/* Where tasks begin. Each is a loop: what stands after its IRET runs when the task is switched to again. */
        .text
        .globl  task_b_entry, task_c_entry, task_fault_entry, task_user_entry, task_user_entry_end
task_b_entry:
        call    *task_body
        iret
        jmp     task_b_entry

task_c_entry:
        call    *nested_body
        iret
        jmp     task_c_entry

/* The task of a fault: the processor has pushed the error code here. */
task_fault_entry:
        popl    fault_error
        call    *fault_body
        iret
        jmp     task_fault_entry

/* Level 3: two ports, of which the bit map of its task permits one. */
task_user_entry:
        outb    %al, $0x80
        outb    %al, $0x81
        incl    %ebx
        int     $0x31
task_user_entry_end:

/* 16-bit code in a segment of its own, with a stack of its own; DS is flat. */
        .globl  task_16_entry
        .code16
task_16_entry:
        movl    $task_16_seen, %ebx
        movw    %ax, (%ebx)
        movw    %sp, 2(%ebx)
        movw    %fs, 4(%ebx)
        movw    %gs, 6(%ebx)
        pushf
        popw    8(%ebx)
        strw    10(%ebx)
        movw    $0x1616, %ax
        iret
        jmp     task_16_entry
        .code32

        .bss
        .globl  task_16_seen, fault_error
        .balign 4
task_16_seen:
        .skip   12
fault_error:
        .skip   4
        .section .note.GNU-stack, "", @progbits
