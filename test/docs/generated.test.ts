// The pages made of data are what the data says now; `npm run docs` writes them.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { manualPage } from '../../src/cli/manual-page.ts';
import { ROOT } from '../style/project-files.ts';
import { notImplementedPage } from './not-implemented-page.ts';
import { referencePage } from './reference-page.ts';
import { statePage } from './state-page.ts';

const PAGES = {
  'docs/state.md': statePage,
  'docs/not-implemented.md': notImplementedPage,
  'docs/reference.md': referencePage,
  'man/tidemark.1': () => manualPage(COMMANDS),
};

it.each(Object.entries(PAGES))('%s is what its data says', async (path, page) => {
  await expect(await page()).toMatchFileSnapshot(join(ROOT, path));
});
