// The segments of a task that was switched to (SDM vol. 3, "Task Switching", table of the exception conditions checked). The
// task is current already: what is raised here is raised in it.

import { Seg } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import { VM } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { SystemType, findDescriptor, isNull, isReadable, markAccessed, readDescriptor } from './descriptor.ts';
import { checkStackSegment, setNullSegment, setRealModeSegment, setSegment } from './segments.ts';
import type { Task } from './task-segment.ts';

const ALL = [Seg.ES, Seg.CS, Seg.SS, Seg.DS, Seg.FS, Seg.GS] as const;

/** The level of a task: that of its code selector, or 3 in virtual-8086 mode. */
export const levelOf = (task: Task): number => (task.flags & VM ? 3 : task.selectors[Seg.CS] & 3);

/** The selectors without their descriptors, as they are until each has been checked. */
export function setSelectors(cpu: Cpu, task: Task): void {
  for (const segment of ALL) setNullSegment(cpu, segment, task.selectors[segment], levelOf(task));
  setNullSegment(cpu, Seg.LDTR, task.ldt);
}

/** Loads LDTR, CS, SS and the data segments in this order; #TS, #NP or #SS with the selector and `ext` as error code. */
export function loadTaskSegments(cpu: Cpu, task: Task, ext: number): void {
  loadLocalTable(cpu, task.ldt, ext);
  if (task.flags & VM) {
    for (const segment of ALL) setRealModeSegment(cpu, segment, task.selectors[segment]);
    return;
  }
  loadCode(cpu, task.selectors[Seg.CS], ext);
  loadStack(cpu, task.selectors[Seg.SS], levelOf(task), ext);
  for (const segment of [Seg.ES, Seg.DS, Seg.FS, Seg.GS]) loadData(cpu, segment, task.selectors[segment], levelOf(task), ext);
}

function loadLocalTable(cpu: Cpu, selector: number, ext: number): void {
  if (isNull(selector)) return;
  const d = selector & 4 ? null : findDescriptor(cpu, selector);
  if (d === null || !d.system || d.type !== SystemType.LDT || !d.present) return cpu.raise(Vector.TS, (selector & 0xfffc) | ext);
  setSegment(cpu, Seg.LDTR, selector, d);
  cpu.state.segAttributes[Seg.LDTR] = d.attributes;
}

function loadCode(cpu: Cpu, selector: number, ext: number): void {
  const code = (selector & 0xfffc) | ext;
  if (isNull(selector)) cpu.raise(Vector.TS, code);
  const d = readDescriptor(cpu, selector, Vector.TS, ext);
  const rpl = selector & 3;
  if (!d.code || (d.conforming ? d.dpl > rpl : d.dpl !== rpl)) cpu.raise(Vector.TS, code);
  if (!d.present) cpu.raise(Vector.NP, code);
  markAccessed(cpu, d);
  setSegment(cpu, Seg.CS, selector, d);
}

function loadStack(cpu: Cpu, selector: number, cpl: number, ext: number): void {
  if (isNull(selector)) cpu.raise(Vector.TS, ext);
  const d = checkStackSegment(cpu, selector, cpl, Vector.TS, ext);
  markAccessed(cpu, d);
  setSegment(cpu, Seg.SS, selector, d);
}

function loadData(cpu: Cpu, segment: number, selector: number, cpl: number, ext: number): void {
  if (isNull(selector)) {
    setNullSegment(cpu, segment, selector);
    return;
  }
  const code = (selector & 0xfffc) | ext;
  const d = readDescriptor(cpu, selector, Vector.TS, ext);
  const privileged = !d.conforming && (d.dpl < cpl || d.dpl < (selector & 3));
  if (!isReadable(d) || privileged) cpu.raise(Vector.TS, code);
  if (!d.present) cpu.raise(Vector.NP, code);
  markAccessed(cpu, d);
  setSegment(cpu, segment, selector, d);
}
