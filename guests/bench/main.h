/* The benchmark, once command_line is there. */
#pragma once

void bench_main(void);
