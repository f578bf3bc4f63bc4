// The emitted subset of WebAssembly as text: one instruction a line, indented by nesting, branches with their depth, locals
// by what they hold.

import { VCPU_STATE } from '../../src/base/state/vcpu.ts';
import { Control, MemoryOp, Op, ValType } from '../../src/cpu/translator/wasm/opcodes.ts';

const OPS = new Map<number, string>(Object.entries(Op).map(([name, code]) => [code, name]));
const MEMORY_OPS = new Map<number, string>(Object.entries(MemoryOp).map(([name, code]) => [code, name]));
const GPR = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const FUNCTIONS = ['translate', 'flagAux', 'flagResult', 'copyRun', 'fillRun', 'helper', 'helperWithFlags'];

export const registerName = (reg: number): string => GPR[reg]!;

/** The vCPU's field at `offset`, or null. */
function fieldAt(offset: number): string | null {
  const { gpr, ...fields } = VCPU_STATE.offset;
  if (offset >= gpr && offset < gpr + 8 * GPR.length && (offset - gpr) % 8 === 0) return GPR[(offset - gpr) / 8]!;
  return Object.entries(fields).find(([, at]) => at === offset)?.[0] ?? null;
}

class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  u8(): number {
    return this.bytes[this.at++]!;
  }

  leb(signed: boolean): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte & 0x80) continue;
      return signed && byte & 0x40 ? value - (1n << (shift + 7n)) : value;
    }
  }

  u32(): number {
    return Number(this.leb(false));
  }
}

/** Hexadecimal where that says more. */
function number(value: bigint): string {
  const magnitude = value < 0n ? -value : value;
  return magnitude < 1000n ? String(value) : `${value < 0n ? '-' : ''}0x${magnitude.toString(16)}`;
}

/** Lines of the code of one function: `code` is its entry in the code section. `names` of locals; more are found in loads. */
export function printFunction(code: Uint8Array, names: Map<number, string>): string[] {
  const reader = new Reader(code);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.u8();
  }
  const lines: string[] = [];
  let depth = 0;
  let previous = '';
  const local = (): string => {
    const n = reader.u32();
    return names.get(n) ?? `$${n}`;
  };
  const emit = (text: string): void => {
    lines.push(`${'  '.repeat(depth)}${text}`);
    previous = text;
  };
  const open = (name: string): void => {
    const type = reader.u8();
    const result = Object.entries(ValType).find(([, value]) => value === type)?.[0];
    emit(result ? `${name} ${result}` : name);
    depth++;
  };
  const memory = (name: string): string => {
    reader.u32();
    const offset = reader.u32();
    const ofState = name.includes('load') ? previous === 'local.get cpu' : offset !== 0 || lines.at(-2)?.trim() === 'local.get cpu';
    const field = ofState ? fieldAt(offset) : null;
    return field ? `${name} ${field}` : offset === 0 ? name : `${name} +${offset}`;
  };
  while (reader.at < code.length) {
    const opcode = reader.u8();
    const memoryOp = MEMORY_OPS.get(opcode);
    if (memoryOp !== undefined) {
      emit(memory(memoryOp));
      continue;
    }
    switch (opcode) {
      case Control.block:
        open('block');
        break;
      case Control.loop:
        open('loop');
        break;
      case Control.if:
        open('if');
        break;
      case Op.else:
        depth--;
        emit('else');
        depth++;
        break;
      case Op.end:
        // The last one ends the function.
        if (reader.at === code.length) break;
        depth--;
        emit('end');
        break;
      case Control.br:
        emit(`br ${reader.u32()}`);
        break;
      case Control.brIf:
        emit(`br_if ${reader.u32()}`);
        break;
      case Control.brTable:
        emit(`br_table ${Array.from({ length: reader.u32() + 1 }, () => reader.u32()).join(' ')}`);
        break;
      case Control.call:
        emit(`call ${FUNCTIONS[reader.u32()]}`);
        break;
      case Control.localGet:
        emit(`local.get ${local()}`);
        break;
      case Control.localSet:
        nameByLoad(reader, names, lines);
        emit(`local.set ${local()}`);
        break;
      case Control.localTee:
        emit(`local.tee ${local()}`);
        break;
      case Control.i32Const:
        emit(`i32.const ${number(reader.leb(true))}`);
        break;
      case Control.i64Const:
        emit(`i64.const ${number(reader.leb(true))}`);
        break;
      default:
        emit(OPS.get(opcode) ?? `unknown 0x${opcode.toString(16)}`);
    }
  }
  return lines;
}

/** A local that is set from a register's field, and has no name yet, holds that register. */
function nameByLoad(reader: Reader, names: Map<number, string>, lines: readonly string[]): void {
  const at = reader.at;
  const index = reader.u32();
  reader.at = at;
  const loaded = /^\s*i(?:32|64)\.load (r\w+)$/.exec(lines.at(-1) ?? '');
  if (loaded && !names.has(index) && GPR.includes(loaded[1]!)) names.set(index, loaded[1]!);
}

/** Code section entries of a module, one per function. */
export function functionsOf(module: Uint8Array): Uint8Array[] {
  const reader = new Reader(module);
  reader.at = 8;
  while (reader.at < module.length) {
    const id = reader.u8();
    const bytes = reader.u32();
    if (id !== 10) {
      reader.at += bytes;
      continue;
    }
    return Array.from({ length: reader.u32() }, () => {
      const length = reader.u32();
      const from = reader.at;
      reader.at += length;
      return module.subarray(from, from + length);
    });
  }
  return [];
}
