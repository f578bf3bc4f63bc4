// `gfnlist` of the raw face is the address of a caller's buffer. Here it is a handle of a registered BigUint64Array.

/** The lists one caller has registered. */
export class ListHandles {
  private readonly lists = new Map<bigint, BigUint64Array>();
  private last = 0n;

  /** A handle, never 0, for `list`, which fetches then fill. */
  register(list: BigUint64Array): bigint {
    this.lists.set(++this.last, list);
    return this.last;
  }

  /** The handle names nothing from now on. */
  unregister(handle: bigint): void {
    this.lists.delete(handle);
  }

  /**
   * Null if no such list is registered.
   * @internal
   */
  lookup(handle: bigint): BigUint64Array | null {
    return this.lists.get(handle) ?? null;
  }
}
