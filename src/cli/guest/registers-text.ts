// A vCPU's registers for people, in lines of less than 80 columns.

import { EFER } from '../../cpu/arch/control-bits.ts';
import { GPR_NAMES } from '../../vm/registers.ts';
import type { Regs, SegmentRegister, Sregs, TableRegister } from '../../vm/registers.ts';

const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'ldt', 'tr'] as const;
const CONTROLS = ['cr0', 'cr2', 'cr3', 'cr4', 'efer'] as const;
/** Registers of 32 bits outside IA-32e mode, where there are eight. */
const LEGACY = { count: 8, digits: 8, perLine: 4 } as const;
const LONG = { count: 16, digits: 16, perLine: 3 } as const;

const digits = (value: bigint | number, count: number): string => value.toString(16).padStart(count, '0');

const segment = (name: string, { selector, base, limit, attributes }: SegmentRegister, width: number): string =>
  `${name.toUpperCase().padEnd(3)} ${digits(selector, 4)}  base ${digits(base, width)}  limit ${digits(limit, 8)}  ` +
  `attributes ${digits(attributes, 5)}`;

const table = (name: string, { base, limit }: TableRegister, width: number): string =>
  `${name}      base ${digits(base, width)}  limit ${digits(limit, 8)}`;

const shape = ({ efer }: Sregs): typeof LEGACY | typeof LONG => ((efer & EFER.LMA) === 0n ? LEGACY : LONG);

/** RIP, flags and general registers. */
export function generalText(regs: Regs, sregs: Sregs): string[] {
  const { count, digits: width, perLine } = shape(sregs);
  const name = (register: string): string => (width === 8 ? `e${register.slice(1)}` : register).toUpperCase().padEnd(3);
  const general = GPR_NAMES.slice(0, count).map(
    (register) => `${name(register)} ${digits(BigInt.asUintN(width * 4, regs[register]), width)}`,
  );
  const row = (n: number): string => general.slice(n * perLine, (n + 1) * perLine).join('  ');
  return [
    `${name('rip')} ${digits(regs.rip, width)}  ${width === 8 ? 'EFLAGS' : 'RFLAGS'} ${digits(regs.rflags, 8)}`,
    ...Array.from({ length: Math.ceil(general.length / perLine) }, (_, n) => row(n)),
  ];
}

/** Segment, table and control registers. */
export function systemText(sregs: Sregs): string[] {
  const width = shape(sregs).digits;
  return [
    ...SEGMENTS.map((name) => segment(name, sregs[name], width)),
    table('GDT', sregs.gdt, width),
    table('IDT', sregs.idt, width),
    CONTROLS.map((name) => `${name.toUpperCase()} ${digits(sregs[name], 8)}`).join('  '),
  ];
}
