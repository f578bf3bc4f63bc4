// Mistakes that `--inject` takes, each under one method; under the other in inject.long.ts.

import { expect, it } from 'vitest';
import { describeCaught } from './inject.ts';
import { demo, SMALL, testIo, unfolded } from './support.ts';

describeCaught(0);

it('pages that nothing wrote to are found by their number', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, ...SMALL, '--inject=report-neighbour')).toBe(1);
  expect(unfolded(stderr()).at(-1)).toMatch(/^tidemark: cycle 1 reported page \d+ \(0x[0-9a-f]+\) although nothing wrote to it$/);
});

it('pages of a cycle before are found, too', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, ...SMALL, '--inject=cumulative-sets')).toBe(1);
  expect(unfolded(stderr()).at(-1)).toMatch(/^tidemark: cycle 2 began with 40 dirty pages although all had been fetched before$/);
});

it('a mistake that nothing shows fails the proof, since it proves nothing then', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, '--memory=8M', '--pages=2', '--iterations=1', '--inject=lost-write')).toBe(1);
  expect(unfolded(stderr()).at(-1)).toMatch(/^tidemark: the mistake lost-write was built in, and nothing showed it: /);
});

it('--json: one line that names scene and mistake', async () => {
  const { io, stdout, stderr } = testIo();
  expect(await demo(io, '--inject=copy-before-rearm', '--json')).toBe(1);
  expect(JSON.parse(stdout())).toMatchObject({ mistake: 'copy-before-rearm', withoutIt: null, withIt: expect.stringMatching(/^page \d+/) });
  expect(stderr()).toMatch(/^tidemark: page \d+ \(0x400\) changed and was not reported\n$/);
});
