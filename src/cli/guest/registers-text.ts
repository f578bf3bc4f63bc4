// A vCPU's registers for people: what a triple fault leaves on stderr.

import { GPR_NAMES } from '../../vm/registers.ts';
import type { SegmentRegister, TableRegister } from '../../vm/registers.ts';
import type { Vcpu } from '../../vm/vcpu.ts';

const PER_LINE = 4;
const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'ldt', 'tr'] as const;
const CONTROLS = ['cr0', 'cr2', 'cr3', 'cr4', 'efer'] as const;

const digits = (value: bigint | number, count: number): string => value.toString(16).padStart(count, '0');

const segment = (name: string, { selector, base, limit, attributes }: SegmentRegister): string =>
  `${name.toUpperCase().padEnd(3)} ${digits(selector, 4)}  base ${digits(base, 16)}  limit ${digits(limit, 8)}  ` +
  `attributes ${digits(attributes, 5)}`;

const table = (name: string, { base, limit }: TableRegister): string => `${name}      base ${digits(base, 16)}  limit ${digits(limit, 8)}`;

/** RIP, flags, general, segment and control registers, in lines. */
export function registersText(vcpu: Vcpu): string[] {
  const regs = vcpu.getRegs();
  const sregs = vcpu.getSregs();
  const general = GPR_NAMES.map((name) => `${name.toUpperCase().padEnd(3)} ${digits(regs[name], 16)}`);
  const row = (n: number): string => general.slice(n * PER_LINE, (n + 1) * PER_LINE).join('  ');
  return [
    `RIP ${digits(regs.rip, 16)}  RFLAGS ${digits(regs.rflags, 8)}`,
    ...Array.from({ length: general.length / PER_LINE }, (_, n) => row(n)),
    ...SEGMENTS.map((name) => segment(name, sregs[name])),
    table('GDT', sregs.gdt),
    table('IDT', sregs.idt),
    CONTROLS.map((name) => `${name.toUpperCase()} ${digits(sregs[name], 8)}`).join('  '),
  ];
}
