import type { IrqLine } from '../base/device.ts';
import { Elcr } from './elcr.ts';
import { Pic8259 } from './pic-8259.ts';

/** The slave's INT pin is wired to the master's IR2 (Intel 82371, "Interrupt Controller"). */
const CASCADE_INPUT = 2;

/**
 * The PC/AT's two 8259As as one controller of IRQ 0 … 15. The cascade is a wire, so it holds whatever ICW3 says, as in chipsets
 * that have both controllers inside.
 */
export class PicPair {
  readonly master: Pic8259;
  readonly slave: Pic8259;
  readonly elcr: Elcr;

  /** `output` is the INTR line to the processor. */
  constructor(output: IrqLine) {
    const elcr = new Elcr(() => {
      this.master.triggerModeChanged();
      this.slave.triggerModeChanged();
    });
    this.elcr = elcr;
    this.master = new Pic8259('pic-master', { output, cascade: 1 << CASCADE_INPUT, levelTriggered: () => elcr.master() });
    this.slave = new Pic8259('pic-slave', { output: this.master.input(CASCADE_INPUT), levelTriggered: () => elcr.slave() });
  }

  /** The line of IRQ 0 … 15. IRQ 2 is the cascade and not for devices. */
  irq(number: number): IrqLine {
    return number < 8 ? this.master.input(number) : this.slave.input(number - 8);
  }

  /** Whether IRQ 0 … 15 is masked, at the slave or at the cascade. */
  masked(number: number): boolean {
    return number < 8 ? this.master.masked(number) : this.slave.masked(number - 8) || this.master.masked(CASCADE_INPUT);
  }

  /** Level of INTR. */
  pending(): boolean {
    return this.master.pending();
  }

  /** The processor's two INTA cycles; returns the vector. */
  acknowledge(): number {
    const input = this.master.acknowledge();
    return input === CASCADE_INPUT ? this.slave.vector(this.slave.acknowledge()) : this.master.vector(input);
  }
}
