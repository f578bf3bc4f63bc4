// The A20 gate: whether address line 20 leaves the processor. On the PC/AT the keyboard controller drives it, on the PS/2 also
// System Control Port A; the line passes while any of them lets it (IBM PS/2 Technical Reference, "System Control Port A").

/** One of the gate's inputs: 1 lets address line 20 through. */
export interface A20Input {
  set(level: 0 | 1): void;
}

export class A20Gate {
  private readonly levels: (0 | 1)[] = [];

  /** `onChange` is called when the gate opens (true) or closes. */
  constructor(private readonly onChange: (open: boolean) => void) {}

  /** Whether address line 20 passes. */
  get open(): boolean {
    return this.levels.includes(1);
  }

  /** A further input, at `level` to begin with. */
  input(level: 0 | 1): A20Input {
    const index = this.levels.push(level) - 1;
    return {
      set: (next) => {
        const before = this.open;
        this.levels[index] = next;
        if (this.open !== before) this.onChange(this.open);
      },
    };
  }
}
