// How an object shows in Node's console, as one line. Node looks for a method of this name; elsewhere nobody calls it.

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** An object that the console shows as its `toString` says. */
export abstract class OneLine {
  /** The object in one line. */
  abstract toString(): string;

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

/** `1 vCPU`, `2 vCPUs`. */
export const counted = (count: number | bigint, what: string): string => `${count} ${what}${Number(count) === 1 ? '' : 's'}`;

/** In MiB where that is whole: `64 MiB`, `640 KiB`. */
export const sizeText = (bytes: number): string => (bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`);
