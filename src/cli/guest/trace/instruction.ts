// One instruction in the trace, with the values of what it reads before it and of what it has written after it:
//
//   vcpu retired rip <symbol> bytes text ; reads -> writes

import { INTERNALS } from '../../../base/internals.ts';
import type { Cpu } from '../../../cpu/cpu.ts';
import { codeAt } from '../../../debug/code-at.ts';
import type { Code, CodeAddress } from '../../../debug/code-at.ts';
import { symbolText } from '../../../debug/symbols.ts';
import type { SymbolAt } from '../../../debug/symbols.ts';
import type { Vm } from '../../../vm/vm.ts';
import type { Disassembled, DisassembleOperands } from '../disassembler.ts';
import { hexBytes } from '../listing.ts';
import { hex } from '../vector-names.ts';
import { flagsText } from './flag-values.ts';
import { changedFloats, stackRegister, takeFloats } from './float-values.ts';
import type { Floats } from './float-values.ts';
import { placeOf, placeText } from './memory-values.ts';
import type { Place } from './memory-values.ts';
import type { MemoryOperand, Operands } from './operands.ts';
import { registerValue, takeRegisters, writtenRegisters } from './register-values.ts';
import type { Registers } from './register-values.ts';

export type NameOf = (address: CodeAddress) => SymbolAt | null;

/** A vCPU before a step: what it would execute. */
export interface Before extends Code {
  readonly vcpu: number;
  readonly retired: bigint;
}

/** What an instruction reads, taken down before the step; and what the step is compared with. */
interface Operated {
  readonly instruction: Disassembled & { readonly operands: Operands };
  /** It is repeated no times at all. */
  readonly isIdle: boolean;
  readonly reads: readonly string[];
  readonly written: readonly Place[];
  readonly registers: Registers;
  readonly flags: number;
  /** Null for an instruction that is none of the x87. */
  readonly floats: Floats | null;
}

export const lookAt = (vm: Vm, { index, state }: Cpu): Before => ({ vcpu: index, retired: state.retired[0], ...codeAt(vm, index) });

const RCX = 1;
/** Instructions whose operands are remembered; then all are forgotten. */
const REMEMBERED = 50_000;
/** Widths of columns, which longer ones exceed. */
const SYMBOL = 20;
const BYTES = 14;
const TEXT = 30;

export class InstructionLines {
  private readonly known = new Map<bigint, Before & { readonly decoded: Operated['instruction'] }>();

  constructor(
    private readonly vm: Vm,
    private readonly disassemble: DisassembleOperands,
    /** Null without symbols: then there is no column for them. */
    private readonly nameOf: NameOf | null,
  ) {}

  /** To be called before the step, as it reads what the instruction is about to. Null where there is no code. */
  operate(before: Before): Operated | null {
    if (before.bytes.length === 0) return null;
    const { vm } = this;
    const cpu = vm[INTERNALS].cpus[before.vcpu]!;
    const { state } = cpu;
    const instruction = this.decode(before);
    const { operands } = instruction;
    const isIdle = operands.counter !== null && registerValue(state, operands.counter) === 0n;
    const memory = isIdle ? [] : operands.memory;
    const places = new Map(memory.map((one) => [one, placeOf(cpu, before.bits, one, operands.bitOffset)]));
    const placesOf = (wanted: (one: MemoryOperand) => boolean): Place[] => memory.filter(wanted).map((one) => places.get(one)!);
    const flags = cpu.flags.read();
    return {
      instruction,
      isIdle,
      reads: [
        ...registerTexts(cpu, isIdle ? [operands.counter!] : operands.reads),
        ...placesOf(({ isRead }) => isRead).map((place) => placeText(vm, place)),
        ...flagsText(flags, isIdle ? 0 : operands.flags),
      ],
      written: placesOf(({ isWritten }) => isWritten),
      registers: takeRegisters(state),
      flags,
      floats: operands.isFloat ? takeFloats(state) : null,
    };
  }

  /** The line, after the step. Of an instruction that an exception has stopped, what the delivery wrote is not shown. */
  text(before: Before, operated: Operated | null, isStopped: boolean): string {
    const { vcpu, retired, rip, bits, bytes } = before;
    const name = this.nameOf?.(before) ?? null;
    const symbol = this.nameOf ? ` ${(name ? `<${symbolText(name)}>` : '').padEnd(SYMBOL)}` : '';
    const head = `${vcpu} ${retired} ${rip.toString(16).padStart(bits === 64 ? 16 : 8, '0')}${symbol}`;
    if (operated === null) return `${head} - (no code there)`;
    const { instruction, reads } = operated;
    const writes = isStopped && !this.hasRepeated(before, operated) ? [] : this.writes(before, operated);
    const values = [...reads, ...(writes.length > 0 ? ['->', ...writes] : [])].join(' ');
    const text = instruction.text + this.targetName(before, instruction.target);
    const shown = `${head} ${hexBytes(bytes.subarray(0, instruction.length)).padEnd(BYTES)} `;
    return values === '' ? shown + text : `${shown}${text.padEnd(TEXT)} ; ${values}`;
  }

  private decode(before: Before): Operated['instruction'] {
    const { known } = this;
    const found = known.get(before.linear);
    if (found && found.bits === before.bits && found.rip === before.rip && isSame(found.bytes, before.bytes, found.decoded.length)) {
      return found.decoded;
    }
    const decoded = this.disassemble(before.bytes, before.bits, before.rip);
    if (known.size >= REMEMBERED) known.clear();
    known.set(before.linear, { ...before, decoded });
    return decoded;
  }

  private writes(before: Before, { instruction: { operands }, isIdle, written, registers, flags, floats }: Operated): string[] {
    const { vm } = this;
    const cpu = vm[INTERNALS].cpus[before.vcpu]!;
    const names = writtenRegisters(cpu.state, registers, isIdle ? [] : operands.writes, before.bits);
    return [
      ...registerTexts(cpu, operands.isFloat ? names.filter((name) => !name.startsWith('st(')) : names),
      ...(floats ? changedFloats(cpu.state, floats) : []),
      ...written.map((place) => placeText(vm, place)),
      ...flagsText(cpu.flags.read(), cpu.flags.read() ^ flags),
    ];
  }

  /** An iteration is done: the exception is a trap after it. */
  private hasRepeated({ vcpu }: Before, { instruction: { operands }, registers }: Operated): boolean {
    return operands.counter !== null && this.vm[INTERNALS].cpus[vcpu]!.state.gpr[RCX] !== registers.gpr[RCX];
  }

  private targetName({ rip, linear, cs }: Before, target: bigint | null): string {
    const name = target === null ? null : this.nameOf?.({ cs, rip: target, linear: BigInt.asUintN(64, target - rip + linear) });
    return name ? ` <${symbolText(name)}>` : '';
  }
}

/** Those that are known here, with their values. */
const registerTexts = ({ state }: Cpu, names: readonly string[]): string[] =>
  names.flatMap((name) => {
    const value = registerValue(state, name);
    return value === null ? (stackRegister(state, name) ?? []) : `${name}=${hex(value)}`;
  });

/** Whether the first `length` bytes are the same. */
const isSame = (a: Uint8Array, b: Uint8Array, length: number): boolean => {
  for (let n = 0; n < length; n++) if (a[n] !== b[n]) return false;
  return true;
};
