// Iterations of a repeated copy or fill that are done at once. They lie in one page, or two, to which each iteration would get by the
// TLB alone: nothing is noticed of them, and nothing can come in between.

import { Seg } from '../../base/state/vcpu.ts';
import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { DF } from '../arch/rflags.ts';
import type { Insn } from '../builder/insn.ts';
import { FEWEST_AT_ONCE, Repeated } from '../builder/repeated.ts';
import type { Cpu } from '../cpu.ts';
import { addToRegister, registerAddress } from './addressing.ts';

const RAX = 0;
const RCX = 1;
const RSI = 6;
const RDI = 7;
/** Bits of `flat`. */
const READS = 1;
const WRITES = 2;

/** Does as many iterations of `i` as can be done at once, and moves all registers. Returns how many: 0 if none is. */
export function stringRun(cpu: Cpu, i: Insn, kind: Repeated): number {
  // In a flat segment an access meets no bound, no breakpoint and no check of alignment.
  if (kind === Repeated.ANY || i.addressSize === 2 || (cpu.state.rflags[0] & DF) !== 0 || (cpu.flat[Seg.ES] & WRITES) === 0) return 0;
  const done = kind === Repeated.COPY ? copy(cpu, i) : fill(cpu, i);
  if (done === 0) return 0;
  const { addressSize, size } = i;
  addToRegister(cpu, RDI, addressSize, done * size);
  if (kind === Repeated.COPY) addToRegister(cpu, RSI, addressSize, done * size);
  addToRegister(cpu, RCX, addressSize, -done);
  return done;
}

/** Iterations that count and budget allow. */
function allowed(cpu: Cpu, { addressSize }: Insn): number {
  const low = cpu.gprHalves[2 * RCX] >>> 0;
  return addressSize === 8 && cpu.gprHalves[2 * RCX + 1] !== 0 ? cpu.remaining : Math.min(low, cpu.remaining);
}

/** Iterations of `size` bytes each before the page of `linear` ends. */
const withinPage = (linear: number, size: number): number => Math.floor((PAGE_SIZE - (linear & PAGE_MASK)) / size);

function copy(cpu: Cpu, i: Insn): number {
  const { tlb } = cpu.mmu;
  const { size } = i;
  if ((cpu.flat[i.src.address.segment] & READS) === 0) return 0;
  const to = registerAddress(cpu, RDI, i.addressSize);
  const from = registerAddress(cpu, RSI, i.addressSize);
  let count = Math.min(allowed(cpu, i), withinPage(to, size), withinPage(from, size));
  if (count < FEWEST_AT_ONCE) return 0;
  const toAt = tlb.find(tlb.writeTag32, to, cpu.dataContext);
  const fromAt = tlb.find(tlb.readTag32, from, cpu.dataContext);
  if (toAt < 0 || fromAt < 0) return 0;
  // What is copied shortly behind its source is copied again by later iterations.
  if (toAt > fromAt) count = Math.min(count, Math.floor((toAt - fromAt) / size));
  if (count < FEWEST_AT_ONCE) return 0;
  cpu.linear.u8.copyWithin(toAt, fromAt, fromAt + count * size);
  return count;
}

function fill(cpu: Cpu, i: Insn): number {
  const { tlb } = cpu.mmu;
  const { u8 } = cpu.linear;
  const { size } = i;
  const to = registerAddress(cpu, RDI, i.addressSize);
  const count = Math.min(allowed(cpu, i), withinPage(to, size));
  if (count < FEWEST_AT_ONCE) return 0;
  const at = tlb.find(tlb.writeTag32, to, cpu.dataContext);
  if (at < 0) return 0;
  for (let n = 0; n < size; n++) u8[at + n] = cpu.gprHalves[2 * RAX + (n >> 2)] >>> (8 * (n & 3));
  const bytes = count * size;
  // Twice as much with each copy.
  if (size === 1) u8.fill(u8[at], at, at + bytes);
  else for (let done = size; done < bytes; done *= 2) u8.copyWithin(at + done, at, at + Math.min(done, bytes - done));
  return count;
}
