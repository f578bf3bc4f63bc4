// What an instruction reads and writes, as iced-x86 knows it, in plain data.
//
// Left out are segment registers that only take part in an address, since the trace shows the linear address; and what iced-x86 does not
// list: the frames of interrupts, descriptors, and the processor's own accesses.

import { AC, AF, CF, DF, IF, OF, PF, SF, ZF } from '../../../cpu/arch/rflags.ts';
import type * as Iced from '../iced.ts';

/** An operand in memory. */
export interface MemoryOperand {
  /** A segment register's name. */
  readonly segment: string;
  /** Registers' names; null for none. */
  readonly base: string | null;
  readonly index: string | null;
  readonly scale: number;
  readonly displacement: bigint;
  /** Wide is the sum of these by the size of the stack segment, not by that of addresses. */
  readonly isStack: boolean;
  readonly bytes: number;
  readonly isRead: boolean;
  readonly isWritten: boolean;
}

export interface Operands {
  /** Registers' names, each once. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly memory: readonly MemoryOperand[];
  /** Bits of RFLAGS that are read. */
  readonly flags: number;
  /** The register that counts a repeated string instruction, which does nothing if it is 0. */
  readonly counter: string | null;
  /** The register whose value, as a number of bits, is added to the address: of BT and its kin. */
  readonly bitOffset: string | null;
  /** Registers of the x87 are not in `writes`: which is which changes with the top. */
  readonly isFloat: boolean;
}

/** iced-x86's Register.None, and the bits of its RflagsBits in order. */
const NONE = 0;
const RFLAGS_BITS = [OF, SF, ZF, AF, CF, PF, DF, IF, AC];
const SEGMENTS: ReadonlySet<string> = new Set(['es', 'cs', 'ss', 'ds', 'fs', 'gs']);
const STACK_BASES: ReadonlySet<string> = new Set(['sp', 'esp', 'rsp', 'bp', 'ebp', 'rbp']);
const BIT_TEST = /^(?:lock )?bt[src]? .*\], (\w+)$/;

/** Whatever is freed after use. */
interface Freed {
  free(): void;
}

/** What `read` makes of each of `items`, which are freed. */
const plain = <T extends Freed, R>(items: readonly T[], read: (item: T) => R): R[] =>
  items.map((item) => {
    const result = read(item);
    item.free();
    return result;
  });

/** Reads operands of an instruction whose text `formatter` gave. */
export function operandReader(iced: typeof Iced, formatter: Iced.Formatter): (instruction: Iced.Instruction, text: string) => Operands {
  const { OpAccess, OpKind, MemorySizeExt } = iced;
  const factory = new iced.InstructionInfoFactory();
  const reading: ReadonlySet<number> = new Set([OpAccess.Read, OpAccess.CondRead, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);
  const writing: ReadonlySet<number> = new Set([OpAccess.Write, OpAccess.CondWrite, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);
  const nameOf = (register: number): string => formatter.formatRegister(register);
  const nameOrNull = (register: number): string | null => (register === NONE ? null : nameOf(register));

  return (instruction, text) => {
    const named = new Set<string>();
    let addresses = false;
    for (let n = 0; n < instruction.opCount; n++) {
      const kind = instruction.opKind(n);
      if (kind === OpKind.Memory) addresses = true;
      if (kind === OpKind.Register) named.add(nameOf(instruction.opRegister(n)));
    }
    const element = MemorySizeExt.size(instruction.memorySize);
    const info = factory.info(instruction);
    const registers = plain(info.usedRegisters(), ({ register, access }) => ({ name: nameOf(register), access }));
    const memory = plain(info.usedMemory(), (used) => ({
      segment: nameOf(used.segment),
      base: nameOrNull(used.base),
      index: nameOrNull(used.index),
      scale: used.scale,
      displacement: used.displacement,
      bytes: MemorySizeExt.size(used.memorySize) || element,
      isRead: reading.has(used.access),
      isWritten: writing.has(used.access),
    }));
    info.free();
    const repeats = /^rep/.test(text);
    const reads = registers.filter(({ name, access }) => reading.has(access) && (!SEGMENTS.has(name) || named.has(name)));
    const writes = registers.filter(({ access }) => writing.has(access));
    return {
      reads: [...new Set(reads.map(({ name }) => name))],
      writes: [...new Set(writes.map(({ name }) => name))],
      // The operand that is written out comes first; the others are implied.
      memory: memory.map((one, n) => ({
        ...one,
        isStack: one.segment === 'ss' && !(addresses && n === 0) && one.base !== null && STACK_BASES.has(one.base),
      })),
      flags: RFLAGS_BITS.reduce((bits, bit, n) => ((instruction.rflagsRead & (1 << n)) === 0 ? bits : bits | bit), 0),
      counter: repeats ? (registers.find(({ name }) => /^[er]?cx$/.test(name))?.name ?? null) : null,
      bitOffset: BIT_TEST.exec(text)?.[1] ?? null,
      isFloat: text.startsWith('f'),
    };
  };
}
