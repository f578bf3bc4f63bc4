/* The two ways a guest ends. */
#pragma once

/* Success: CLI; HLT. Nothing can wake the processor, so the machine is over; Tidemark exits with status 0. */
_Noreturn void finish(void);

/* Failure: a non-zero code to the isa-debug-exit port, which makes the exit status ((code << 1) | 1) & 255. */
_Noreturn void fail(unsigned code);
