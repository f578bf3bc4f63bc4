// docs/not-implemented.md, from the processor's own list and from the decoder's list of missing instructions.

import { NOT_IMPLEMENTED } from '../../src/cpu/not-implemented.ts';
import { FAMILIES } from '../decode/unimplemented.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

export function notImplementedPage(): string {
  return [
    '# What is not there',
    '',
    'What a guest can ask of the processor and does not get, and what happens instead. `npm run docs` writes this page from ' +
      '`src/cpu/not-implemented.ts` and from the families of `test/decode/unimplemented.ts`; a test compares it with both.',
    '',
    '## Parts of the processor',
    '',
    '| what | what happens instead |',
    '|---|---|',
    ...NOT_IMPLEMENTED.map(({ name, behaviour }) => `| ${cell(name)} | ${cell(behaviour)} |`),
    '',
    '## Instructions',
    '',
    'Each of these raises #UD, and CPUID does not offer the feature. [unimplemented.md](unimplemented.md) names every mnemonic, ' +
      'found by walking the opcode space beside an independent decoder.',
    '',
    ...FAMILIES.map(({ title }) => `* ${title}`),
    '',
  ].join('\n');
}
