// Engines know no instruction, nor does what they share: what they need to know of one, its semantics say to the builder, to a
// helper, or to the survey.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MNEMONICS } from '../isa/mnemonics.ts';

const FOLDER = join(import.meta.dirname, '../../src/cpu');
const filesOf = (folder: string): string[] =>
  readdirSync(join(FOLDER, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
const FILES = ['interpreter', 'translator', 'system', 'events'].flatMap(filesOf);

/** Code without comments. */
const codeOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

describe('the engines', () => {
  it('has files to look at', () => {
    expect(FILES).toContain('translator/wasm-builder.ts');
  });

  it.each([...FILES, ...filesOf('x87')])('%s compares no mnemonic', (name) => {
    const uses = codeOf(name).match(/.*\bmnemonic\b.*/g) ?? [];
    expect(uses).toEqual([]);
  });

  it.each(FILES)('%s names no instruction', (name) => {
    const strings = [...codeOf(name).matchAll(/'([A-Z][A-Z0-9_]*)'/g)].map(([, text]) => text!);
    expect(strings.filter((text) => (MNEMONICS as readonly string[]).includes(text))).toEqual([]);
  });
});
