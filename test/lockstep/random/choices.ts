/** Decisions read off a list of numbers: shorter lists and smaller numbers give simpler programs, so that failures shrink. */
export class Choices {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** 0 … below - 1; 0 when the list is used up. */
  below(below: number): number {
    return (this.numbers[this.at++] ?? 0) % below;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** True once in `n` times, never when the list is used up. */
  rarely(n: number): boolean {
    return this.below(n) === n - 1;
  }
}
