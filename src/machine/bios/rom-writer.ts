// A few bytes of real-mode code with labels: what the firmware's ROM is written with.

export interface RomLine {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

interface Jump {
  readonly at: number;
  readonly label: string;
}

export class RomWriter {
  /** The instructions in order, as text, for whoever wants to compare them with the bytes. */
  readonly lines: RomLine[] = [];
  private readonly labels = new Map<string, number>();
  private readonly jumps: Jump[] = [];
  private here: number;

  /** Writes from offset `start` on of `bytes`, which are a whole segment. */
  constructor(
    readonly bytes: Uint8Array,
    start: number,
  ) {
    this.here = start;
  }

  get offset(): number {
    return this.here;
  }

  /** Goes on at `offset`. */
  at(offset: number): this {
    this.here = offset;
    return this;
  }

  label(name: string): this {
    this.labels.set(name, this.here);
    return this;
  }

  code(text: string, ...bytes: number[]): this {
    this.lines.push({ offset: this.here, length: bytes.length, text });
    return this.data(...bytes);
  }

  data(...bytes: number[]): this {
    this.bytes.set(bytes, this.here);
    this.here += bytes.length;
    return this;
  }

  /** A jump with an 8-bit displacement to a label in reach, before or after it. */
  jump(mnemonic: string, opcode: number, label: string): this {
    this.jumps.push({ at: this.here + 1, label });
    return this.code(`${mnemonic} ${label}`, opcode, 0);
  }

  /** Offset of a label that has been passed. RangeError for none. */
  find(label: string): number {
    const offset = this.labels.get(label);
    if (offset === undefined) throw new RangeError(`the firmware has no ${label}`);
    return offset;
  }

  /** Fills the displacements in. */
  finish(): void {
    for (const { at, label } of this.jumps) this.bytes[at] = this.find(label) - (at + 1);
  }
}
