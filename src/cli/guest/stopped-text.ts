// Where a run stopped, for people: lines of 80 columns where addresses and names leave room.

import type { Branch } from '../../debug/branch-recorder.ts';
import type { CodeAddress } from '../../debug/code-at.ts';
import { symbolText } from '../../debug/symbols.ts';
import type { StoppedFault, StoppedVcpu, WhereItStopped } from '../../debug/where-it-stopped.ts';
import { listing } from './listing.ts';
import type { Line } from './listing.ts';
import { generalText, systemText } from './registers-text.ts';
import type { Stopped } from './post-mortem.ts';
import { faultText, vectorName } from './vector-names.ts';

const WIDTH = 80;
/** Of other vCPUs than the one that it is about. */
const FEW_BRANCHES = 4;
const IF = 0x200n;

type NameOf = WhereItStopped['nameOf'];

/** What is known, the most telling first. */
export function stoppedText({ where, why, disassemble }: Stopped): string[] {
  const { vcpus, vcpu, faults, nameOf } = where;
  const main = vcpus[vcpu]!;
  const lineOf = (code: StoppedVcpu['code']): Line[] => listing(code, disassemble, nameOf);
  return [
    ...main.causes.flatMap((cause) => wrapped(`cause: ${cause}`)),
    ...faults.flatMap((fault, n) => wrapped(faultLine(fault, faults[n - 1]?.code ?? null, lineOf(fault.code)[0], nameOf))),
    ...vcpuText(main, lineOf(main.code)),
    ...branchesText(main, why, 16, nameOf),
    ...generalText(main.regs, main.sregs).map(indented),
    ...(faults.length > 0 ? systemText(main.sregs).map(indented) : []),
    ...vcpus
      .filter(({ vcpu: n }) => n !== vcpu)
      .flatMap((other) => [
        ...vcpuText(other, lineOf(other.code).slice(0, 1)),
        ...other.causes.flatMap((cause) => wrapped(`cause: ${cause}`)),
        ...(other.activity === 'active' ? branchesText(other, why, FEW_BRANCHES, nameOf) : []),
        ...(other.activity === 'wait-for-sipi' ? [] : generalText(other.regs, other.sregs).map(indented)),
      ]),
  ];
}

const indented = (line: string): string => `  ${line}`;

/** Broken at spaces, further lines indented further. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== '') {
      lines.push(line);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** `00100060 main+0x10`; with the selector where the offset is not the linear address. */
export function placeText(address: CodeAddress, nameOf: NameOf): string {
  const { cs, rip, linear } = address;
  const digits = (value: bigint): string => value.toString(16).padStart(value > 0xffffffffn ? 16 : 8, '0');
  const at = rip === linear ? digits(rip) : `${cs.toString(16).padStart(4, '0')}:${rip.toString(16).padStart(4, '0')}`;
  const name = nameOf(address);
  return name ? `${at} ${symbolText(name)}` : at;
}

function faultLine(fault: StoppedFault, previous: CodeAddress | null, line: Line | undefined, nameOf: NameOf): string {
  const { vector, errorCode, address, delivering, code } = fault;
  const name = faultText({ vector, errorCode, linear: Number(BigInt.asIntN(64, address)) });
  const at = placeText(code, nameOf);
  if (delivering === null) return `${name} raised at ${at}: ${line?.text ?? 'no code is there'}`;
  const moved = previous === null || previous.linear !== code.linear ? ` at ${at}` : '';
  return `${name} raised in delivering ${vectorName(delivering)}${moved}`;
}

function vcpuText({ vcpu, activity, cpl, code, regs, symbol }: StoppedVcpu, lines: readonly Line[]): string[] {
  const at = `${code.cs.toString(16).padStart(4, '0')}:${code.rip.toString(16).padStart(code.bits === 64 ? 16 : 8, '0')}`;
  const state = `${code.bits}-bit, ring ${cpl}, interrupts ${(regs.rflags & IF) === 0n ? 'off' : 'on'}`;
  const head = `vCPU ${vcpu} at ${at}${symbol ? ` ${symbolText(symbol)}` : ''}: ${state}${activity === 'active' ? '' : `, ${activity}`}`;
  if (lines.length === 0) return [...wrapped(head), '    no code is there'];
  return [
    ...wrapped(head),
    ...lines.map(({ at: address, bytes, text }, n) => `  ${n === 0 ? '>' : ' '} ${address} ${bytes.padEnd(16)} ${text}`),
  ];
}

function branchesText({ track }: StoppedVcpu, why: string | null, most: number, nameOf: NameOf): string[] {
  if (!track) return wrapped(`no last branches: ${why ?? 'none are known'}`);
  const branches = track.branches.slice(-most);
  if (branches.length === 0) return ['  no branches before it'];
  return [
    '  last branches, the newest at the bottom:',
    ...collapsed(branches.map((branch) => branchText(branch, nameOf))).map((text) => `    ${text}`),
  ];
}

function branchText({ kind, vector, from, to }: Branch, nameOf: NameOf): string {
  const what = kind === 'branch' ? '' : ` (${kind === 'exception' ? vectorName(vector!) : `interrupt ${vector}`})`;
  return `${placeText(from, nameOf)} -> ${placeText(to, nameOf)}${what}`;
}

/** Lines that repeat, as one with their number. */
function collapsed(lines: readonly string[]): string[] {
  const groups: { text: string; count: number }[] = [];
  for (const text of lines) {
    const last = groups.at(-1);
    if (last?.text === text) last.count++;
    else groups.push({ text, count: 1 });
  }
  return groups.map(({ text, count }) => (count === 1 ? text : `${text}  ${count} times`));
}
