// The two 8259s as firmware sets them up and answers them.

import type { FirmwarePorts } from './firmware.ts';

const FIRST = 0x20;
const SECOND = 0xa0;
const EOI = 0x20;
const READ_IN_SERVICE = 0x0b;
/** Where PCs have IRQ 0 and IRQ 8. */
const FIRST_VECTOR = 0x08;
const SECOND_VECTOR = 0x70;
const CASCADE = 2;

/**
 * Writes ICW1 to ICW4, and masks as SeaBIOS leaves them. Open at the first 8259 are the timer, the keyboard, the second 8259 and the
 * diskettes; at the second the clock, the mouse, the coprocessor and the first fixed disks. They are open whether they are there or
 * not.
 */
export function initialisePics(ports: FirmwarePorts): void {
  for (const [base, vector, wiring, mask] of [
    [FIRST, FIRST_VECTOR, 1 << CASCADE, 0xb8],
    [SECOND, SECOND_VECTOR, CASCADE, 0x8e],
  ] as const) {
    ports.out(base, 0x11);
    ports.out(base + 1, vector);
    ports.out(base + 1, wiring);
    ports.out(base + 1, 0x01);
    ports.out(base + 1, mask);
  }
}

/** Lets an interrupt of the second 8259 through. */
export function unmaskSecond(ports: FirmwarePorts, irq: number): void {
  ports.out(SECOND + 1, ports.in(SECOND + 1) & ~(1 << (irq - 8)));
  ports.out(FIRST + 1, ports.in(FIRST + 1) & ~(1 << CASCADE));
}

/** Ends whatever interrupt is in service; one that nobody serves is masked, so that its line cannot bring the machine to a stop. */
export function dismissInterrupt(ports: FirmwarePorts): void {
  for (const base of [SECOND, FIRST]) {
    ports.out(base, READ_IN_SERVICE);
    const inService = ports.in(base) & (base === FIRST ? ~(1 << CASCADE) : 0xff);
    if (inService === 0) continue;
    ports.out(base + 1, ports.in(base + 1) | inService);
    ports.out(base, EOI);
    if (base === FIRST) return;
    ports.out(FIRST, EOI);
    return;
  }
}
