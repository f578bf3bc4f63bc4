// The translator knows no instruction: what it needs to know of one, its semantics say to the builder, or to the survey.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MNEMONICS } from '../../src/cpu/isa/mnemonics.ts';

const FOLDER = join(import.meta.dirname, '../../src/cpu/translator');
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** Code without comments. */
const codeOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe('the translator', () => {
  it('has files to look at', () => {
    expect(FILES).toContain('wasm-builder.ts');
  });

  it.each(FILES)('%s compares no mnemonic', (name) => {
    const uses = codeOf(name).match(/.*\bmnemonic\b.*/g) ?? [];
    // The semantics are looked up by it, and that is all.
    expect(uses.filter((line) => !line.includes('ISA[insn.mnemonic](this.builder, insn);'))).toEqual([]);
  });

  it.each(FILES)('%s names no instruction', (name) => {
    const strings = [...codeOf(name).matchAll(/'([A-Z][A-Z0-9_]*)'/g)].map(([, text]) => text!);
    expect(strings.filter((text) => (MNEMONICS as readonly string[]).includes(text))).toEqual([]);
  });
});
