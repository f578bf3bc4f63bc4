// From bytes to an instruction record.

import { CodeMode } from '../arch/code-mode.ts';
import type { FeatureSet } from '../arch/features.ts';
import { Rep } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import { OperandKind } from '../builder/operand.ts';
import type { Address, Operand, Size } from '../builder/operand.ts';
import type { Mnemonic } from './mnemonic.ts';
import { NO_ADDRESS, readAddress } from './modrm.ts';
import { ONE_BYTE } from './one-byte.ts';
import { NO_OPERAND } from './operand-record.ts';
import { findOperand, readDisplacement } from './operands.ts';
import type { Parts } from './parts.ts';
import { REX_B, REX_W, readPrefixes } from './prefixes.ts';
import type { Prefixes } from './prefixes.ts';
import { UD, row } from './row.ts';
import type { ByPrefix, Entry, OpcodeMap, Row, SizeRule } from './row.ts';
import { ByteStream, TooLong } from './stream.ts';
import { THREE_BYTE_38 } from './three-byte.ts';
import { TWO_BYTE } from './two-byte.ts';
import { UndefinedSignal } from './undefined.ts';

const TOO_LONG = row('TOO_LONG');

/**
 * Decodes one instruction in code of size `mode` as a processor with `features` does. `next` yields its bytes one after the
 * other, at most 15. It may throw (a fault of the fetch): nothing else has happened then. Decoding itself never fails: what is
 * undefined, or needs a feature that is not there, comes out as UD, and what would have a sixteenth byte as TOO_LONG.
 */
export function decode(next: () => number, mode: CodeMode, features: FeatureSet): Insn {
  const stream = new ByteStream(next);
  const decoder = new Decoder(stream, mode, features);
  try {
    return decoder.decode();
  } catch (signal) {
    if (signal instanceof TooLong) return decoder.without(TOO_LONG);
    if (signal instanceof UndefinedSignal) return decoder.without(UD);
    throw signal;
  }
}

class Decoder {
  private prefixes: Prefixes = { operandSize: false, addressSize: false, lock: false, repeat: 0, segment: -1, rex: 0, opcode: 0 };
  private opcode = 0;
  private modrm = -1;

  constructor(
    private readonly stream: ByteStream,
    private readonly mode: CodeMode,
    private readonly features: FeatureSet,
  ) {}

  decode(): Insn {
    this.prefixes = readPrefixes(this.stream, this.mode);
    const found = this.resolve(this.lookUp());
    if ((found.only64 && this.mode !== CodeMode.BITS64) || (found.not64 && this.mode === CodeMode.BITS64)) throw new UndefinedSignal();
    if (!this.has(found)) throw new UndefinedSignal();
    if (found.modrm) this.readModrm();
    const size = this.operandSize(found.size);
    const addressSize = this.addressSize();
    const { stream, mode, prefixes, opcode } = this;
    const mod = found.modrm ? this.modrm >> 6 : 3;
    const rm = this.modrm & 7;
    const memory = mod !== 3 && !found.registersOnly;
    const address: Address = memory
      ? readAddress(stream, { mode, addressSize, rex: prefixes.rex, segment: prefixes.segment }, mod, rm)
      : NO_ADDRESS;
    const parts: Parts = { stream, mode, prefixes, opcode, size, addressSize, mod, reg: (this.modrm >> 3) & 7, rm, address };
    const [first, second, third] = found.operands;
    if (first?.type === 'J') {
      const displacement = readDisplacement(first.size, parts);
      if (prefixes.lock) throw new UndefinedSignal();
      return this.finish(found, size, addressSize, NO_OPERAND, NO_OPERAND, NO_OPERAND, displacement);
    }
    const dst = findOperand(first, parts);
    const src = findOperand(second, parts);
    const last = findOperand(third, parts);
    if (prefixes.lock && !(found.lock && dst.kind === OperandKind.MEM)) throw new UndefinedSignal();
    // CS changes by far transfers alone.
    if (dst.kind === OperandKind.SREG && dst.reg === CS) throw new UndefinedSignal();
    return this.finish(found, size, addressSize, dst, src, last, 0);
  }

  /** An instruction that only raises: its length is what was read. */
  without(what: Row<Mnemonic>): Insn {
    return this.finish(what, this.operandSize('v'), this.addressSize(), NO_OPERAND, NO_OPERAND, NO_OPERAND, 0);
  }

  private lookUp(): Entry<Mnemonic> {
    const { opcode } = this.prefixes;
    this.opcode = opcode;
    if (opcode === 0x0f) {
      this.opcode = this.stream.u8();
      if (this.opcode === 0x38) return this.inMap(THREE_BYTE_38, this.stream.u8());
      return this.inMap(TWO_BYTE, this.opcode);
    }
    return this.inMap(ONE_BYTE, opcode);
  }

  private inMap(map: OpcodeMap<Mnemonic>, opcode: number): Entry<Mnemonic> {
    this.opcode = opcode;
    return map[opcode] ?? UD;
  }

  private readModrm(): number {
    if (this.modrm < 0) this.modrm = this.stream.u8();
    return this.modrm;
  }

  /** Follows choices down to a row. */
  private resolve(entry: Entry<Mnemonic>): Row<Mnemonic> {
    for (let at = entry; ; ) {
      switch (at.is) {
        case 'row':
          return at;
        case 'reg':
          at = at.entries[(this.readModrm() >> 3) & 7]!;
          break;
        case 'rm':
          at = at.entries[this.readModrm() & 7]!;
          break;
        case 'mod':
          at = this.readModrm() >> 6 === 3 ? at.register : at.memory;
          break;
        case 'mode':
          at = this.mode === CodeMode.BITS64 ? at.mode64 : at.other;
          break;
        case 'rexB':
          at = this.prefixes.rex & REX_B ? at.extended : at.plain;
          break;
        case 'rexW':
          at = this.prefixes.rex & REX_W ? at.wide : at.plain;
          break;
        case 'prefix':
          at = this.byPrefix(at);
          break;
      }
    }
  }

  /** A prefix selects nothing if the processor lacks the features of its row: then it has its ordinary meaning, or none. */
  private byPrefix({ none, p66, f3, f2 }: ByPrefix<Mnemonic>): Entry<Mnemonic> {
    const { repeat, operandSize } = this.prefixes;
    const chosen = repeat === 0xf3 ? f3 : repeat === 0xf2 ? f2 : operandSize ? p66 : null;
    return chosen === null || (chosen.is === 'row' && !this.has(chosen)) ? none : chosen;
  }

  private has({ features }: Row): boolean {
    for (const feature of features) if (!this.features.has(feature)) return false;
    return true;
  }

  private operandSize(rule: SizeRule): Size {
    const { rex, operandSize } = this.prefixes;
    const is64 = this.mode === CodeMode.BITS64;
    const wide = (rex & REX_W) !== 0;
    const plain: Size = wide ? 8 : (this.mode === CodeMode.BITS16) !== operandSize ? 2 : 4;
    switch (rule) {
      case 'v':
        return plain;
      case 'b':
        return 1;
      case 'w':
        return 2;
      case 'z':
        return plain === 8 ? 4 : plain;
      case 'y':
        return wide ? 8 : 4;
      case 'd64':
        return is64 && plain === 4 ? 8 : plain;
      case 'f64':
        return is64 ? 8 : plain;
      case 'long':
        return is64 ? 8 : 4;
    }
  }

  private addressSize(): 2 | 4 | 8 {
    const { addressSize } = this.prefixes;
    if (this.mode === CodeMode.BITS64) return addressSize ? 4 : 8;
    return (this.mode === CodeMode.BITS16) !== addressSize ? 2 : 4;
  }

  /** One maker for all instructions, so that they have one shape. */
  private finish(
    found: Row<Mnemonic>,
    size: Size,
    addressSize: 2 | 4 | 8,
    dst: Operand,
    src: Operand,
    third: Operand,
    displacement: number,
  ): Insn {
    const { mnemonic } = found;
    const { repeat, lock, opcode } = this.prefixes;
    const rep = !found.repeats || repeat === 0 ? Rep.NONE : repeat === 0xf3 ? Rep.REP : Rep.REPNE;
    return {
      mnemonic,
      length: this.stream.length,
      mode: this.mode,
      size,
      addressSize,
      stackSize: this.operandSize(found.size === 'f64' ? 'f64' : 'd64') as 2 | 4 | 8,
      dst,
      src,
      third,
      lock,
      rep,
      cc: found.cc,
      fop: (opcode & 0xf8) === 0xd8 ? ((opcode & 7) << 8) | (this.modrm & 0xff) : 0,
      displacement,
      alignment: found.alignment,
    };
  }
}

const CS = 1;
