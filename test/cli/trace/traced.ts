// Traces of guests, line by line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { assemble } from '../../support/code.ts';
import type { Item } from '../../support/code.ts';
import { cli } from '../streams.ts';

export const AT = 0x10000;

/** A directory that is there until the file's tests have run: gives the path of `name` in it. */
export function inDirectory(): (name: string) => string {
  const root = mkdtempSync(join(tmpdir(), 'tidemark-trace-'));
  afterAll(() => rmSync(root, { recursive: true }));
  return (name) => join(root, name);
}

export interface Instruction {
  readonly vcpu: number;
  readonly address: string;
  /** Empty without. */
  readonly symbol: string;
  readonly text: string;
  /** What is before the arrow, and what after it. */
  readonly reads: string;
  readonly writes: string;
}

const LINE = /^(\d+) \d+ ([0-9a-f]+) +(?:<(\S+)> +)?([0-9a-f]+) +(.*?)(?: +; (.*))?$/;

/** The line's instruction; null for an event's. */
export function instruction(line: string): Instruction | null {
  const match = LINE.exec(line);
  if (!match) return null;
  const [, vcpu, address = '', symbol = '', , text = '', values = ''] = match;
  const at = values.indexOf('-> ');
  const reads = at < 0 ? values : values.slice(0, at).trim();
  return { vcpu: Number(vcpu), address, symbol, text, reads, writes: at < 0 ? '' : values.slice(at + 3) };
}

/** Lines that the trace of `argv` has on stderr. What the end says is left out. */
export async function traced(...argv: string[]): Promise<string[]> {
  const { stderr } = await cli('run', '--serial=none', ...argv);
  return stderr.split('\n').filter((line) => /^(\d+ \d+|exception|interrupt|io|mmio) /.test(line));
}

/** Runs 32-bit code without paging from the file `path` until HLT: `text ; reads -> writes` of each instruction but the last. */
export async function values(path: string, ...items: readonly Item[]): Promise<string[]> {
  writeFileSync(path, assemble(AT, ...items, 0xf4).bytes);
  const lines = await traced(path, `--at=0x${AT.toString(16)}`, '--memory=2M', '--trace=instructions,mmio');
  return lines.slice(0, -1).map((line) => {
    const found = instruction(line);
    if (!found) return line;
    const { text, reads, writes } = found;
    return `${text} ; ${[reads, writes && `-> ${writes}`].filter(Boolean).join(' ')}`.replace(/ ; $/, '');
  });
}
