#pragma once
/* Timer, HLT, masks and interrupt shadows, TF and #BP: what is the same in both widths. Ring 0, paging on, IF clear. */
void interrupt_checks(void);
