// The trace against itself: what an instruction reads is what earlier ones have written, by their own lines. Whatever a line leaves out,
// or shows wrong, is found by the next that reads it.

import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { GUESTS } from '../../checkpoint/support/guest.ts';
import { cli } from '../streams.ts';
import { inDirectory, instruction } from './traced.ts';

const NAMES = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const RSP = 4;

/** A general register's part: which one, the first byte of it, how many. */
function partOf(name: string): readonly [gpr: number, from: number, bytes: number] | null {
  const high = /^r(\d+)([dwb]?)$/.exec(name);
  if (high) return [Number(high[1]), 0, { d: 4, w: 2, b: 1 }[high[2]!] ?? 8];
  const wide = NAMES.indexOf(name.slice(-2));
  if (wide >= 0 && name.length <= 3) return [wide, 0, name.length === 2 ? 2 : name.startsWith('e') ? 4 : 8];
  const byte = /^(?:([acdb])([lh])|(sp|bp|si|di)l)$/.exec(name);
  if (!byte) return null;
  return byte[3] ? [NAMES.indexOf(byte[3]), 0, 1] : [NAMES.indexOf(`${byte[1]}x`), byte[2] === 'h' ? 1 : 0, 1];
}

class Model {
  /** Bytes by `register:byte`, and by address. */
  private readonly registers = new Map<string, number>();
  private readonly memory = new Map<bigint, number>();
  readonly wrong: string[] = [];
  compared = 0;

  /** An event has pushed a frame, and set flags, CS and more. */
  forget(): void {
    this.memory.clear();
    for (const key of this.registers.keys()) if (/^[a-zA-Z]/.test(key) || key.startsWith(`${RSP}:`)) this.registers.delete(key);
  }

  take(line: string): void {
    const found = instruction(line);
    if (!found) return this.forget();
    for (const [name, value] of fields(found.reads)) this.each(name, value, (at, map, byte) => this.compare(line, map, at, byte));
    // Another translation, another address space.
    if (/\b(cr\d|cs|ss|efer)=/.test(found.writes)) this.memory.clear();
    for (const [name, value] of fields(found.writes)) {
      this.each(name, value, (at, map, byte) => map.set(at, byte));
      if (name.startsWith('[')) this.forgetAfter(name, value);
    }
  }

  private compare<K>(line: string, map: Map<K, number>, at: K, byte: number): void {
    const known = map.get(at);
    if (known !== undefined) this.compared++;
    if (known !== undefined && known !== byte) this.wrong.push(`${String(at)} was 0x${known.toString(16)}: ${line}`);
    map.set(at, byte);
  }

  private each(name: string, value: bigint, act: <K>(at: K, map: Map<K, number>, byte: number) => void): void {
    const byte = (n: number): number => Number((value >> BigInt(8 * n)) & 0xffn);
    const part = partOf(name);
    if (part) {
      for (let n = 0; n < part[2]; n++) act(`${part[0]}:${part[1] + n}`, this.registers, byte(n));
    } else if (name.startsWith('[')) {
      for (let n = 0; n < bytesOf(value); n++) act(BigInt(name.slice(1, -1)) + BigInt(n), this.memory, byte(n));
    } else {
      act(name, this.registers, Number(BigInt.asUintN(52, value)));
    }
  }

  /** The line does not say how many zeros follow. */
  private forgetAfter(name: string, value: bigint): void {
    for (let n = bytesOf(value); n < 16; n++) this.memory.delete(BigInt(name.slice(1, -1)) + BigInt(n));
  }
}

const bytesOf = (value: bigint): number => Math.max(1, Math.ceil(value.toString(16).length / 2));

const fields = (text: string): [string, bigint][] =>
  text
    .split(' ')
    .map((field) => /^(\S+)=(0x[0-9a-f]+|\d)$/.exec(field))
    .flatMap((match) => (match && !match[1]!.startsWith('st') ? [[match[1]!, BigInt(match[2]!)] as [string, bigint]] : []));

const at = inDirectory();

describe('what instructions read is what others wrote', () => {
  it.each([
    ['plain32/plain32.elf', 7000],
    ['kernel64/kernel64.elf', 9000],
    ['boot-hello/boot-hello.img', 4000],
    ['boot-ladder/boot-ladder.img', 5000],
    ['v8086-monitor/v8086-monitor.elf', 10_000],
  ])('%s', async (image, count) => {
    const trace = at('trace');
    await cli('run', `${GUESTS}/${image}`, '--serial=none', `--max-instructions=${count}`, `--trace=instructions=${trace}`);
    const model = new Model();
    for (const line of readFileSync(trace, 'utf8').trimEnd().split('\n')) model.take(line);
    expect(model.wrong).toEqual([]);
    expect(model.compared).toBeGreaterThan(count / 4);
  });
});
