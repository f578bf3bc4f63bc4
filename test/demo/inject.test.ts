import { describe, expect, it } from 'vitest';
import { INJECTIONS, parseInjection } from '../../src/cli/demo/inject.ts';
import { demo, SMALL, testIo } from './support.ts';

// Every mistake that `--inject` takes is caught in the scene that is made for it, and the scene holds without it.

const METHODS = ['pml', 'write-protect'] as const;

const cases = METHODS.flatMap((tracking) =>
  INJECTIONS.map((name) => ({ tracking, name, injection: parseInjection(name) })).filter(
    ({ injection: { proof } }) => (proof?.method ?? tracking) === tracking,
  ),
);

const ON_THE_MAP = /lost write: page \d+ |began with \d+ dirty pages|reported page \d+ .* although nothing wrote to it/;

describe.each(cases)('--inject=$name, $tracking', ({ tracking, name, injection: { proof } }) => {
  it('is caught: status 1, and a last line that says by what', async () => {
    const { io, stdout, stderr } = testIo();
    const options = proof ? [] : SMALL;
    expect(await demo(io, ...options, `--inject=${name}`, `--tracking=${tracking}`)).toBe(1);
    const last = stderr().trimEnd().split('\n').at(-1)!;
    expect(last).toMatch(/^tidemark: /);
    expect(last).not.toContain('nothing showed it');
    if (!proof) return expect(last).toMatch(ON_THE_MAP);
    expect(stderr()).toContain(`the scene: ${proof.scene}\nwithout the mistake: everything holds\n`);
    expect(stdout()).toBe('');
  });
});

it('pages that nothing wrote to are found by their number', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, ...SMALL, '--inject=report-neighbour')).toBe(1);
  expect(stderr()).toMatch(/\ntidemark: cycle 1 reported page \d+ \(0x[0-9a-f]+\) although nothing wrote to it\n$/);
});

it('pages of a cycle before are found, too', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, ...SMALL, '--inject=cumulative-sets')).toBe(1);
  expect(stderr()).toMatch(/\ntidemark: cycle 2 began with 40 dirty pages although all had been fetched before\n$/);
});

it('a mistake that nothing shows fails the proof, since it proves nothing then', async () => {
  const { io, stderr } = testIo();
  expect(await demo(io, '--memory=8M', '--pages=2', '--iterations=1', '--inject=lost-write')).toBe(1);
  expect(stderr()).toMatch(/\ntidemark: the mistake lost-write was built in, and nothing showed it: [^\n]*\n$/);
});

it('--json: one line that names scene and mistake', async () => {
  const { io, stdout, stderr } = testIo();
  expect(await demo(io, '--inject=copy-before-rearm', '--json')).toBe(1);
  expect(JSON.parse(stdout())).toMatchObject({ mistake: 'copy-before-rearm', withoutIt: null, withIt: expect.stringMatching(/^page \d+/) });
  expect(stderr()).toMatch(/^tidemark: page \d+ \(0x400\) changed and was not reported\n$/);
});
