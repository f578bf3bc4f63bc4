// KVM_CHECK_EXTENSION and KVM_ENABLE_CAP, as far as they are about dirty pages: what was chosen, and what may be.

import { KvmError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import { KvmCap, KvmDirtyGfn, MAX_RING_ENTRIES, ManualProtect, RESERVED_RING_ENTRIES } from './abi.ts';

const MAX_RING_BYTES = MAX_RING_ENTRIES * KvmDirtyGfn.size;

const SUPPORTED: Readonly<Record<number, number>> = {
  [KvmCap.MANUAL_DIRTY_LOG_PROTECT2]: ManualProtect.ENABLE | ManualProtect.INITIALLY_SET,
  [KvmCap.DIRTY_LOG_RING]: MAX_RING_BYTES,
  [KvmCap.DIRTY_LOG_RING_ACQ_REL]: MAX_RING_BYTES,
  [KvmCap.DIRTY_LOG_RING_WITH_BITMAP]: 1,
};

const refuse = (why: string): never => {
  throw new KvmError('EINVAL', why);
};

export class Capabilities {
  /** KVM_GET_DIRTY_LOG leaves the bits set; KVM_CLEAR_DIRTY_LOG clears them. */
  manualProtect = false;
  /** Bitmaps begin with all bits set, and nothing armed. */
  initiallySet = false;
  /** Bytes of each vCPU's ring, 0 without rings. */
  ringBytes = 0;
  /** What no vCPU wrote goes into bitmaps beside the rings. */
  ringWithBitmap = false;

  /**
   * `supported`: the machine has a tracking method. `hardwareLog`: pages that a vCPU's hardware may have logged and not yet
   * reported. `anyLogged`: whether a memslot is logged now.
   */
  constructor(
    private readonly supported: boolean,
    private readonly hardwareLog: number,
    private readonly anyLogged: () => boolean,
  ) {}

  /** KVM_CHECK_EXTENSION: 0 for what is not there. Rings: the most bytes that one may have. */
  check(cap: number): number {
    return this.supported ? (SUPPORTED[cap] ?? 0) : 0;
  }

  /** KVM_ENABLE_CAP with one argument. EINVAL, E2BIG as KVM; EINVAL too for a change of interface while a slot is logged. */
  enable(cap: number, argument: number, flags = 0): void {
    if (this.check(cap) === 0) refuse(`capability ${cap} is not there`);
    if (flags !== 0) refuse(`flags ${flags} of a capability`);
    if (cap === KvmCap.MANUAL_DIRTY_LOG_PROTECT2) return this.protect(argument);
    if (this.anyLogged()) refuse('a memslot is logged already');
    if (cap !== KvmCap.DIRTY_LOG_RING_WITH_BITMAP) return this.ring(argument);
    if (this.ringBytes === 0) refuse('bitmaps beside rings, and there are no rings');
    this.ringWithBitmap = true;
  }

  /** Entries of a ring that stay free when its vCPU leaves. */
  get reserved(): number {
    return RESERVED_RING_ENTRIES + this.hardwareLog;
  }

  private protect(options: number): void {
    const allowed = options & ManualProtect.ENABLE ? ManualProtect.ENABLE | ManualProtect.INITIALLY_SET : 0;
    if ((options & ~allowed) !== 0) refuse(`options ${options} of manual protection`);
    this.manualProtect = (options & ManualProtect.ENABLE) !== 0;
    this.initiallySet = (options & ManualProtect.INITIALLY_SET) !== 0;
  }

  private ring(bytes: number): void {
    if (!Number.isInteger(Math.log2(bytes))) refuse(`a ring of ${bytes} bytes, no power of two`);
    if (bytes < Math.max(this.reserved * KvmDirtyGfn.size, PAGE_SIZE)) refuse(`a ring of ${bytes} bytes is too small`);
    if (bytes > MAX_RING_BYTES) throw new KvmError('E2BIG', `a ring of ${bytes} bytes, ${MAX_RING_BYTES} are possible`);
    if (this.ringBytes !== 0) refuse('there are rings already');
    this.ringBytes = bytes;
  }
}
