// The register stack in the state block, for quick instructions.

import { VCPU_STATE } from '../../../base/state/vcpu.ts';
import { CR0 } from '../../arch/control-bits.ts';
import { EXCEPTIONS, Status } from '../../arch/x87-status.ts';
import { STATUS_SHIFT } from '../../float/core/outcome.ts';
import type { Code } from '../../translator/wasm/code.ts';
import { i32 } from '../../translator/wasm/expression.ts';
import type { Expression, Local, Term } from '../../translator/wasm/expression.ts';
import { FormBits, REFUSED } from './form.ts';

const { offset } = VCPU_STATE;
const TOP_SHIFT = 11;
const TOP = 7 << TOP_SHIFT;

/** A register's content: significand, then sign and exponent. */
export type Content = readonly [Expression, Expression];

/** One quick instruction over the stack. Registers are named by `Slot`s, their physical numbers. */
export class Stack {
  readonly status: Local;
  readonly control: Local;
  private readonly top: Local;
  private readonly tags: Local;

  /** Refuses if an exception is pending, or the x87 is not to be used. */
  constructor(
    private readonly code: Code,
    private readonly cpu: Local,
    readonly form: Local,
    private readonly rip: Local,
  ) {
    this.status = code.let(code.load('i32.load', cpu, offset.fsw));
    this.control = code.let(code.load('i32.load', cpu, offset.fcw));
    const unusable = code.load('i32.load', cpu, offset.cr0).and(Number(CR0.EM | CR0.TS));
    this.refuseWhen(this.status.and(this.control.xor(-1)).and(EXCEPTIONS).or(unusable));
    this.top = code.let(this.status.shr(TOP_SHIFT).and(7));
    this.tags = code.let(code.load('i32.load', cpu, offset.ftw));
  }

  refuseWhen(condition: Expression): void {
    this.code.returnWhen(condition, REFUSED);
  }

  /** The register `n` from the top. */
  slot(n: Term): Local {
    return this.code.let(this.top.add(n).and(7));
  }

  get dst(): Local {
    return this.slot(this.form.and(7));
  }

  get src(): Local {
    return this.slot(this.form.shr(FormBits.SRC).and(7));
  }

  requireFull(...slots: readonly Local[]): void {
    const full = slots.map((slot) => this.tags.shr(slot)).reduce((all, each) => all.and(each));
    this.refuseWhen(full.and(1).isZero());
  }

  requireEmpty(slot: Local): void {
    this.refuseWhen(this.tags.shr(slot).and(1));
  }

  private address(slot: Local): Expression {
    return this.cpu.add(slot.shl(4));
  }

  read(slot: Local): readonly [Local, Local] {
    const { code } = this;
    const at = code.let(this.address(slot));
    return [code.let(code.load('i64.load', at, offset.fpr)), code.let(code.load('i32.load', at, offset.fpr + 8))];
  }

  /** `word`: of which bits 15:0 count. Fills the register. */
  write(slot: Local, [significand, word]: Content): void {
    const { code } = this;
    const at = code.let(this.address(slot));
    code.store('i64.store', at, offset.fpr, significand);
    code.store('i64.store', at, offset.fpr + 8, word.and(0xffff).extend());
  }

  fill(slot: Local): void {
    this.code.set(this.tags, this.tags.or(i32(1).shl(slot)));
  }

  free(slot: Local): void {
    this.code.set(this.tags, this.tags.and(i32(1).shl(slot).xor(-1)));
  }

  moveTop(by: number): void {
    this.code.set(this.top, this.top.add(by).and(7));
  }

  /** As often as the form says. */
  pop(): void {
    const { code } = this;
    const pops = this.form.shr(FormBits.POPS).and(3);
    code.if(pops, () => {
      this.free(this.top);
      this.moveTop(1);
      code.if(pops.eq(2), () => {
        this.free(this.top);
        this.moveTop(1);
      });
    });
  }

  /** Takes over exceptions, and C1, which is 0 without an outcome. `conditions`: instead of what C0, C2 and C3 are. */
  report(outcome: Expression | null, conditions: Expression | null = null): void {
    const cleared = Status.C1 | (conditions === null ? 0 : Status.C0 | Status.C2 | Status.C3);
    const raised = outcome === null ? i32(0) : outcome.shr(STATUS_SHIFT).and(0x7fff);
    this.code.set(this.status, this.status.and(~cleared).or(conditions === null ? raised : raised.or(conditions)));
  }

  /** Writes back what may have changed, and notes the instruction and, if it has one, its operand in memory at offset `y`. */
  finish(y: Local): void {
    const { code, cpu, form, rip } = this;
    code.store('i32.store', cpu, offset.fsw, this.status.and(~TOP).or(this.top.shl(TOP_SHIFT)));
    code.store('i32.store', cpu, offset.ftw, this.tags);
    code.store('i32.store', cpu, offset.fop, form.shr(FormBits.FOP));
    code.store('i64.store', cpu, offset.fip, rip);
    code.store('i32.store', cpu, offset.fcs, code.load('i32.load', cpu, offset.segSelector + 4));
    code.if(form.shr(FormBits.MEMORY).and(1), () => {
      const segment = form.shr(FormBits.SEGMENT).and(7).shl(2);
      code.store('i64.store', cpu, offset.fdp, y);
      code.store('i32.store', cpu, offset.fds, code.load('i32.load', cpu.add(segment), offset.segSelector));
    });
  }
}
