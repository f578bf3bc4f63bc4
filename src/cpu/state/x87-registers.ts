// The x87's registers over a vCPU's state (SDM vol. 1, "x87 FPU Execution Environment").

import type { VcpuState } from '../../base/state/vcpu.ts';
import { EXCEPTIONS, Status } from '../arch/x87-status.ts';
import { IE, INDEFINITE } from '../float/index.ts';
import type { FloatEnvironment, RoundingMode } from '../float/index.ts';

const TOP_SHIFT = 11;
const TOP = 7 << TOP_SHIFT;
const CONDITIONS = Status.C0 | Status.C2 | Status.C3;

/** FNINIT's control word: everything masked, extended precision, to nearest. */
const INITIAL_CONTROL = 0x37f;
/** Bits of the control word that can be written, and the one that reads 1. */
const CONTROL_WRITABLE = 0x1f3f;
const CONTROL_FIXED = 0x40;
/** By PC; the reserved 01 acts as extended precision. */
const PRECISIONS = [24, 64, 53, 64] as const;

export class X87 {
  /** The environment of the operation at hand, from `begin` on. */
  readonly env: FloatEnvironment = { rounding: 0, precision: 64, masks: EXCEPTIONS, flags: 0, roundedUp: false };

  constructor(private readonly state: VcpuState) {}

  // ── control and status ──────────────────────────────────────────────────────────────────────────────────────────
  get control(): number {
    return this.state.fcw[0];
  }

  set control(word: number) {
    this.state.fcw[0] = (word & CONTROL_WRITABLE) | CONTROL_FIXED;
  }

  /** An exception is raised and not masked: ES. */
  get pending(): boolean {
    return (this.state.fsw[0] & ~this.state.fcw[0] & EXCEPTIONS) !== 0;
  }

  get status(): number {
    return this.state.fsw[0] | (this.pending ? Status.ES | Status.B : 0);
  }

  set status(word: number) {
    this.state.fsw[0] = word & 0xffff & ~(Status.ES | Status.B);
  }

  set conditions(bits: number) {
    this.state.fsw[0] = (this.state.fsw[0] & ~CONDITIONS) | bits;
  }

  get top(): number {
    return (this.state.fsw[0] & TOP) >> TOP_SHIFT;
  }

  set top(n: number) {
    this.state.fsw[0] = (this.state.fsw[0] & ~TOP) | ((n & 7) << TOP_SHIFT);
  }

  /** FNINIT. The registers keep their bits; all are empty. */
  initialize(): void {
    const { state } = this;
    this.control = INITIAL_CONTROL;
    for (const field of [state.fsw, state.ftw, state.fop, state.fcs, state.fds]) field[0] = 0;
    state.fip[0] = state.fdp[0] = 0n;
  }

  // ── registers, as 80 bits; n counts from the top ────────────────────────────────────────────────────────────────
  private physical(n: number): number {
    return (this.top + n) & 7;
  }

  isEmpty(n: number): boolean {
    return (this.state.ftw[0] & (1 << this.physical(n))) === 0;
  }

  read(n: number): bigint {
    return this.readPhysical(this.physical(n));
  }

  write(n: number, bits: bigint): void {
    const register = this.physical(n);
    this.writePhysical(register, bits);
    this.state.ftw[0] |= 1 << register;
  }

  readPhysical(register: number): bigint {
    const { fpr } = this.state;
    return (fpr[2 * register + 1] << 64n) | fpr[2 * register];
  }

  writePhysical(register: number, bits: bigint): void {
    const { fpr } = this.state;
    fpr[2 * register] = BigInt.asUintN(64, bits);
    fpr[2 * register + 1] = BigInt.asUintN(16, bits >> 64n);
  }

  /** Writes bits 63:0 of a register, one of the two parts that it has in memory. Its tag stays. */
  writeLow(n: number, bits: bigint): void {
    this.state.fpr[2 * this.physical(n)] = bits;
  }

  /** Bits 79:64. */
  writeHigh(n: number, bits: bigint): void {
    this.state.fpr[2 * this.physical(n) + 1] = bits;
  }

  free(n: number): void {
    this.state.ftw[0] &= ~(1 << this.physical(n));
  }

  push(bits: bigint): void {
    this.top--;
    this.write(0, bits);
  }

  pop(): void {
    this.free(0);
    this.top++;
  }

  // ── one instruction ─────────────────────────────────────────────────────────────────────────────────────────────
  /** Makes `env` that of an operation that begins. */
  begin(): void {
    const { env, control } = this;
    env.rounding = ((control >> 10) & 3) as RoundingMode;
    env.precision = PRECISIONS[(control >> 8) & 3]!;
    env.masks = control & EXCEPTIONS;
    env.flags = 0;
    env.roundedUp = false;
  }

  /** Takes the exceptions and C1 over from `env`. */
  finish(): void {
    const { env } = this;
    this.report(env.flags | (env.roundedUp ? Status.C1 : 0));
  }

  /** Adds the exceptions in `bits` to the status word. C1 becomes what it is in `bits`. */
  report(bits: number): void {
    this.state.fsw[0] = (this.state.fsw[0] & ~Status.C1) | bits;
  }

  /**
   * Stack overflow (a push onto a register that is not empty; C1 = 1) or underflow (an empty operand; C1 = 0). The masked
   * response is the indefinite QNaN; null if IE is not masked (SDM vol. 1, "Stack Overflow or Underflow Exception (#IS)").
   */
  stackFault(kind: 'overflow' | 'underflow'): bigint | null {
    this.env.flags |= IE | Status.SF;
    this.env.roundedUp = kind === 'overflow';
    return this.env.masks & IE ? INDEFINITE : null;
  }
}
