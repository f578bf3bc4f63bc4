// Task switches (SDM vol. 3, "Task Switching", "Task Linking"): by far JMP and CALL, by task gates, by IRET with NT set. Up to
// the commit every fault belongs to the old task and nothing has changed; after it every fault belongs to the new one.

import { Seg } from '../../base/state/vcpu.ts';
import { Access } from '../../mmu/vcpu-mmu.ts';
import { CR0 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { EventType, hasQueuedEvent, queueEvent } from '../events/inject.ts';
import { NT, RF } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { loadPageDirectory } from './control-registers.ts';
import { DR6, DR7_LOCAL, noteDebugException } from './debug-registers.ts';
import { IMPLICIT, NO_SEGMENT, SystemType, baseOf, findDescriptor, limitOf, storeTypeByte } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { tableAddress } from './helper.ts';
import { currentStack, pushAll, setStackPointer } from './stack-frame.ts';
import { layoutOf, probeSave, readTask, saveTask } from './task-segment.ts';
import type { Task } from './task-segment.ts';
import { loadTaskSegments, setSelectors } from './task-segments.ts';

/** `call` nests the new task, for events too; `return` ends a nested one. */
export type SwitchKind = 'jump' | 'call' | 'return';

export interface SwitchOptions {
  /** EXT bit of error codes. */
  readonly ext?: number;
  /** RF is set in the flags that are saved. */
  readonly setsRf?: boolean;
  /** Pushed on the new task's stack. */
  readonly errorCode?: number | null;
}

const BUSY = 2;
const TYPE_BYTE = 5;

/** The TSS that `selector` names. It must be in the GDT and available, or #GP(selector); present, or #NP(selector). */
export function availableTask(cpu: Cpu, selector: number, ext = 0): Descriptor {
  const code = (selector & 0xfffc) | ext;
  const d = selector & 4 ? null : findDescriptor(cpu, selector);
  if (d === null || !d.system || (d.type !== SystemType.TSS && d.type !== SystemType.TSS16)) return cpu.raise(Vector.GP, code);
  if (!d.present) cpu.raise(Vector.NP, code);
  return d;
}

/** Far JMP or CALL to a TSS or a task gate. */
export function transferToTask(cpu: Cpu, d: Descriptor, kind: 'jump' | 'call'): bigint {
  const code = d.selector & 0xfffc;
  if (d.dpl < cpu.cpl || d.dpl < (d.selector & 3)) cpu.raise(Vector.GP, code);
  const isGate = d.type === SystemType.TASK_GATE;
  if (isGate && !d.present) cpu.raise(Vector.NP, code);
  switchTask(cpu, availableTask(cpu, isGate ? d.low >>> 16 : d.selector), kind, cpu.nextRip);
  return 0n;
}

/** IRET with NT set: to the task in the back link, which must be busy. One that is not present gives #NP, all other errors are #TS. */
export function returnToTask(cpu: Cpu): void {
  const link = cpu.memory.load(tableAddress(cpu, cpu.state.segBase[Seg.TR], 0), 2, NO_SEGMENT, IMPLICIT);
  const code = link & 0xfffc;
  const d = link & 4 ? null : findDescriptor(cpu, link);
  if (d === null || !d.system || (d.type !== SystemType.TSS_BUSY && d.type !== SystemType.TSS16_BUSY)) return cpu.raise(Vector.TS, code);
  if (!d.present) cpu.raise(Vector.NP, code);
  switchTask(cpu, d, 'return', cpu.nextRip);
}

/** Switches to the task of TSS `d`. `ip` is where the old task goes on. cpu.rip and cpu.nextRip are the new task's. */
export function switchTask(cpu: Cpu, d: Descriptor, kind: SwitchKind, ip: number, options: SwitchOptions = {}): void {
  const { ext = 0, setsRf = false, errorCode = null } = options;
  const { segAttributes, segLimit, segSelector } = cpu.state;
  const layout = layoutOf(d.attributes);
  const old = layoutOf(segAttributes[Seg.TR]);
  if (limitOf(d) < layout.leastLimit) cpu.raise(Vector.TS, (d.selector & 0xfffc) | ext);
  if (segLimit[Seg.TR] < old.leastLimit) cpu.raise(Vector.TS, (segSelector[Seg.TR] & 0xfffc) | ext);
  const task = readTask(cpu, BigInt(baseOf(d)), layout);
  probe(cpu, d, kind);
  probeSave(cpu, old);

  const flags = (cpu.flags.read() | (setsRf ? RF : 0)) & (kind === 'return' ? ~NT : ~0);
  saveTask(cpu, old, ip, flags);
  relink(cpu, d, kind);
  enterTask(cpu, d, task, kind);
  if (task.cr3 !== null && cpu.state.cr0[0] & CR0.PG) loadPageDirectory(cpu, BigInt(task.cr3));
  loadTaskSegments(cpu, task, ext);
  cpu.refresh();
  if (errorCode !== null) setStackPointer(cpu, pushAll(cpu, currentStack(cpu, ext), layout.width, [BigInt(errorCode)]));
  if (task.trap) trapAfterSwitch(cpu);
}

const oldTypeByte = ({ state }: Cpu): bigint => state.gdtrBase[0] + BigInt((state.segSelector[Seg.TR] & 0xfff8) + TYPE_BYTE);

/** Faults as `relink` would. */
function probe(cpu: Cpu, d: Descriptor, kind: SwitchKind): void {
  const write = (linear: number, bytes: number): void => cpu.memory.probe(linear, bytes, Access.WRITE, NO_SEGMENT, IMPLICIT);
  write(d.linear + TYPE_BYTE, 1);
  if (kind === 'call') write(tableAddress(cpu, BigInt(baseOf(d)), 0), 2);
  else write(tableAddress(cpu, oldTypeByte(cpu), 0), 1);
}

/** Busy bits and the back link: the abandoned task becomes available, a nesting one stays busy. */
function relink(cpu: Cpu, d: Descriptor, kind: SwitchKind): void {
  const { memory, state } = cpu;
  if (kind === 'call') {
    memory.store(tableAddress(cpu, BigInt(baseOf(d)), 0), 2, state.segSelector[Seg.TR], NO_SEGMENT, IMPLICIT);
  } else {
    const at = tableAddress(cpu, oldTypeByte(cpu), 0);
    memory.store(at, 1, memory.load(at, 1, NO_SEGMENT, IMPLICIT) & ~BUSY, NO_SEGMENT, IMPLICIT);
  }
  if (kind !== 'return') storeTypeByte(cpu, d, (d.attributes & 0xff) | BUSY);
}

/** The commit: all registers but those that come from descriptors. A 16-bit task's EIP and EFLAGS get 0 in their upper halves. */
function enterTask(cpu: Cpu, d: Descriptor, task: Task, kind: SwitchKind): void {
  const { state } = cpu;
  state.segSelector[Seg.TR] = d.selector;
  state.segBase[Seg.TR] = BigInt(baseOf(d));
  state.segLimit[Seg.TR] = limitOf(d);
  state.segAttributes[Seg.TR] = d.attributes | BUSY;
  state.cr0[0] |= CR0.TS;
  state.dr[7] &= ~DR7_LOCAL;
  cpu.flags.write(task.flags | (kind === 'call' ? NT : 0));
  task.registers.forEach((value, reg) => {
    state.gpr[reg] = BigInt(value);
  });
  setSelectors(cpu, task);
  cpu.rip = task.ip;
  cpu.nextRip = task.ip;
  // A single step of the old task ends with it. What the new flags ask for is looked at before the new task's first instruction.
  cpu.suppressTrap = true;
  cpu.noteInterruptWindow();
  cpu.refresh();
}

/** SDM vol. 3, "Task-Switch Exception Condition": after the switch, before the first instruction. */
function trapAfterSwitch(cpu: Cpu): void {
  noteDebugException(cpu, DR6.BT);
  // The event whose delivery made the switch may be queued still: then the trap is raised in the new task at once.
  if (hasQueuedEvent(cpu)) cpu.raise(Vector.DB);
  queueEvent(cpu, { type: EventType.HARDWARE_EXCEPTION, vector: Vector.DB, errorCode: null, trap: true });
}
