// The IDT's gates in protected and IA-32e mode (SDM vol. 3, "IDT Descriptors", "64-Bit Mode IDT") and the code segment they
// name, with the checks up to the question of which stack.

import type { Cpu } from '../cpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import { Vector } from '../arch/vectors.ts';
import { requireCodeSize } from '../system/code-targets.ts';
import { IMPLICIT, NO_SEGMENT, SystemType, isNull, makeDescriptor, readDescriptor } from '../system/descriptor.ts';
import type { Descriptor } from '../system/descriptor.ts';
import { tableAddress } from '../system/helper.ts';
import type { Width } from '../system/stack-frame.ts';
import { isSoftware } from './event.ts';
import type { Event } from './event.ts';

/** Where a handler starts, and whether its gate closes IF. A task brings flags of its own, which stay. */
export interface Entry {
  readonly rip: number;
  readonly clearsIf: boolean;
  readonly task?: true;
}

export interface Gate {
  readonly size: Width;
  readonly offset: bigint;
  /** Interrupt stack table entry; 0 for none. */
  readonly ist: number;
  readonly clearsIf: boolean;
  readonly code: Descriptor;
  /** Level of the handler. */
  readonly cpl: number;
}

/** Bit 0 of error codes: 1 unless a software interrupt is delivered (SDM vol. 3, "Error Code"). */
export const extBit = (event: Event): number => (isSoftware(event.type) ? 0 : 1);

const GATES: ReadonlyMap<number, Width> = new Map<number, Width>([
  [SystemType.INTERRUPT_GATE16, 2],
  [SystemType.TRAP_GATE16, 2],
  [SystemType.INTERRUPT_GATE, 4],
  [SystemType.TRAP_GATE, 4],
]);

/** The event's descriptor in the IDT, checked; raises #GP or #NP. May be a task gate outside IA-32e mode. */
export function readIdt(cpu: Cpu, event: Event): Descriptor {
  const { vector } = event;
  const ext = extBit(event);
  const { idtrBase, idtrLimit } = cpu.state;
  const bytes = cpu.longMode ? 16 : 8;
  // Error code: the vector as index, bit 1 for the IDT.
  const gateCode = (vector << 3) | 2 | ext;
  if (vector * bytes + bytes - 1 > idtrLimit[0]) cpu.raise(Vector.GP, gateCode);
  const linear = tableAddress(cpu, idtrBase[0], vector * bytes);
  const high = cpu.memory.loadHalves(linear, NO_SEGMENT, IMPLICIT);
  const gate = makeDescriptor(0, linear, cpu.memory.low, high);
  const size = GATES.get(gate.type);
  const known = cpu.longMode ? size === 4 : size !== undefined || gate.type === SystemType.TASK_GATE;
  if (!gate.system || !known) cpu.raise(Vector.GP, gateCode);
  if (isSoftware(event.type) && gate.dpl < cpu.cpl) cpu.raise(Vector.GP, gateCode);
  if (!gate.present) cpu.raise(Vector.NP, gateCode);
  return gate;
}

/** The interrupt or trap gate `gate` and the segment that it names, checked. */
export function readGate(cpu: Cpu, event: Event, gate: Descriptor): Gate {
  const ext = extBit(event);
  const legacySize = GATES.get(gate.type) ?? 4;
  const upper = cpu.longMode ? BigInt(cpu.memory.load(gate.linear + 8, 4, NO_SEGMENT, IMPLICIT) >>> 0) << 32n : 0n;
  const low = legacySize === 2 ? gate.low & 0xffff : ((gate.high & 0xffff0000) | (gate.low & 0xffff)) >>> 0;
  const code = handlerSegment(cpu, gate.low >>> 16, ext);
  return {
    size: cpu.longMode ? 8 : legacySize,
    offset: upper | BigInt(low),
    ist: cpu.longMode ? gate.high & 7 : 0,
    clearsIf: gate.type === SystemType.INTERRUPT_GATE || gate.type === SystemType.INTERRUPT_GATE16,
    code,
    cpl: code.conforming ? cpu.cpl : code.dpl,
  };
}

/** The handler's code segment: never of an outer level, and 64-bit code in IA-32e mode. */
function handlerSegment(cpu: Cpu, selector: number, ext: number): Descriptor {
  if (isNull(selector)) cpu.raise(Vector.GP, ext);
  const code = (selector & 0xfffc) | ext;
  const d = readDescriptor(cpu, selector, Vector.GP, ext);
  if (!d.code || d.dpl > cpu.cpl) cpu.raise(Vector.GP, code);
  requireCodeSize(cpu, d, ext);
  if (cpu.longMode && !(d.attributes & SegAttr.L)) cpu.raise(Vector.GP, code);
  if (!d.present) cpu.raise(Vector.NP, code);
  return d;
}
