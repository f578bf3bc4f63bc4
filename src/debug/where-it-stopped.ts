// Where a machine has stopped, as data: each vCPU's place, registers and last branches, the faults of a triple fault, and causes.

import { INTERNALS } from '../base/internals.ts';
import type { Exit } from '../vm/exit.ts';
import type { Regs, Sregs } from '../vm/registers.ts';
import type { Vm } from '../vm/vm.ts';
import { requireCount, requireFields, requireOneOf, requireParts } from '../base/arguments.ts';
import { requireVm } from '../vm/check-arguments.ts';
import type { Track } from './branch-recorder.ts';
import { faultCauses, stopCauses } from './causes.ts';
import type { FaultAt, Scene } from './causes.ts';
import { codeAt, MAX_LENGTH } from './code-at.ts';
import type { Code, CodeAddress } from './code-at.ts';
import type { SymbolAt, Symbols } from './symbols.ts';

export interface StoppedOptions {
  /** The vCPU that was executing; the first one if it is not given. */
  readonly vcpu?: number;
  /** The exit at which the machine came back. */
  readonly exit?: Exit;
  readonly symbols?: Symbols | null;
  /** By vCPU. */
  readonly tracks?: readonly Track[] | null;
  /** The class of the ELF image that was loaded. */
  readonly imageBits?: 32 | 64 | null;
}

export interface StoppedVcpu {
  readonly vcpu: number;
  readonly activity: string;
  readonly cpl: number;
  /** At RIP: several instructions' bytes. */
  readonly code: Code;
  readonly symbol: SymbolAt | null;
  readonly regs: Regs;
  readonly sregs: Sregs;
  /** Null where none are known. */
  readonly track: Track | null;
  readonly causes: readonly string[];
}

export interface StoppedFault extends FaultAt {
  readonly symbol: SymbolAt | null;
}

export interface WhereItStopped {
  /** The vCPU that it is about. */
  readonly vcpu: number;
  /** Of a triple fault, oldest first; else none. */
  readonly faults: readonly StoppedFault[];
  readonly vcpus: readonly StoppedVcpu[];
  /** The name of an address. */
  readonly nameOf: (address: CodeAddress) => SymbolAt | null;
}

/** Instructions' bytes that are taken down at RIP. */
const INSTRUCTIONS = 4;

function checkOptions(vm: Vm, options: unknown): void {
  const orNull = (name: string, value: unknown, wanted: string, parts: readonly string[]): void => {
    if (value !== null) requireParts(name, value, wanted, parts);
  };
  requireFields('options', options, {
    vcpu: (name, value) => requireCount(name, value, 0, vm.vcpus.length - 1),
    exit: (name, value) => requireParts(name, value, 'an exit', ['kind']),
    symbols: (name, value) => orNull(name, value, 'Symbols', ['at', 'count']),
    tracks: (name, value) => orNull(name, value, 'a list', ['map']),
    imageBits: (name, value) => requireOneOf(name, value, [32, 64, null]),
  });
}

/** Where `vm` stands, between two slices. Nothing of the machine changes. InputError, KvmError for arguments that are wrong. */
export function whereItStopped(vm: Vm, options: StoppedOptions = {}): WhereItStopped {
  requireVm(vm);
  checkOptions(vm, options);
  const { vcpu = 0, exit, symbols = null, tracks = null, imageBits = null } = options;
  const nameOf = ({ linear }: CodeAddress): SymbolAt | null => symbols?.at(linear) ?? null;
  const faults = exit?.kind === 'shutdown' ? faultsOf(vm, vcpu, exit).map((fault) => ({ ...fault, symbol: nameOf(fault.code) })) : [];
  const vcpus = vm.vcpus.map((handle, n): StoppedVcpu => {
    const code = codeAt(vm, n, INSTRUCTIONS * MAX_LENGTH);
    const cpu = vm[INTERNALS].cpus[n]!;
    const scene: Scene = {
      activity: handle.activity,
      code,
      regs: handle.getRegs(),
      sregs: handle.getSregs(),
      features: cpu.model.features,
      track: tracks?.[n] ?? null,
    };
    const causes = faults.length > 0 && n === vcpu ? faultCauses(faults, scene, imageBits) : stopCauses(scene);
    const { activity, regs, sregs, track } = scene;
    return { vcpu: n, activity, cpl: cpu.cpl, code, symbol: nameOf(code), regs, sregs, track, causes };
  });
  return { vcpu, faults, vcpus, nameOf };
}

function faultsOf(vm: Vm, vcpu: number, { chain }: Extract<Exit, { readonly kind: 'shutdown' }>): FaultAt[] {
  return chain.map(({ vector, errorCode, linear, rip, delivering }) => ({
    vector,
    errorCode,
    address: BigInt.asUintN(64, BigInt(linear)),
    delivering,
    code: codeAt(vm, vcpu, MAX_LENGTH, BigInt(rip)),
  }));
}
