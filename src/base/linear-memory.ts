import { InputError } from './errors.ts';
import { PAGE_SIZE } from './paging-units.ts';

/** WebAssembly's page, the unit in which a memory is sized. */
const WASM_PAGE = 65536;
/** A 32-bit WebAssembly memory ends here. */
const MAX_BYTES = 4 * 1024 ** 3;

/**
 * The machine's one linear memory: vCPU state, TLBs, PML pages, EPT tables, MT lists and guest RAM. Fixed at creation and
 * never grown, since growing would detach every view. Offsets are bytes and may exceed 2 GiB: keep them unsigned (`>>> 0`).
 */
export class LinearMemory {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  /** For accesses at any alignment, little-endian. */
  readonly view: DataView;
  readonly shared: boolean;

  private constructor(readonly memory: WebAssembly.Memory) {
    const { buffer } = memory;
    this.shared = typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.view = new DataView(buffer);
  }

  /** A zeroed memory of at least `bytes`; `shared` so that worker threads can attach. InputError if the host has no room. */
  static create(bytes: number, shared: boolean): LinearMemory {
    if (bytes > MAX_BYTES) throw new InputError(`the machine needs ${bytes} bytes of linear memory, more than 4 GiB`);
    const pages = Math.ceil(bytes / WASM_PAGE);
    try {
      return new LinearMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, ...(shared ? { shared: true } : {}) }));
    } catch (cause) {
      throw new InputError(`the host cannot give ${bytes} bytes of ${shared ? 'shared ' : ''}memory (${(cause as Error).message})`);
    }
  }

  /** The same memory as seen by another thread, which was sent the `WebAssembly.Memory`. */
  static attach(memory: WebAssembly.Memory): LinearMemory {
    return new LinearMemory(memory);
  }

  /** A copy of the bytes [offset, offset + length), outside the linear memory. */
  copyOut(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.u8.subarray(offset, offset + length));
  }

  /** The live bytes of the page at host offset `offset`. */
  page(offset: number): Uint8Array {
    return this.u8.subarray(offset, offset + PAGE_SIZE);
  }
}
