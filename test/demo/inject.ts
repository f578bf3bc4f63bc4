// Every mistake that `--inject` takes is caught in the scene that is made for it, and the scene holds without it.

import { describe, expect, it } from 'vitest';
import { INJECTIONS, parseInjection } from '../../src/cli/demo/inject.ts';
import { demo, SMALL, testIo, unfolded } from './support.ts';

const METHODS = ['pml', 'write-protect'] as const;

const cases = INJECTIONS.flatMap((name, n) => {
  const injection = parseInjection(name);
  const methods = METHODS.filter((tracking) => (injection.proof?.method ?? tracking) === tracking);
  return methods.map((tracking, m) => ({ tracking, name, injection, turn: (n + m) % methods.length }));
});

const ON_THE_MAP = /lost write: page \d+ |began with \d+ dirty pages|reported page \d+ .* although nothing wrote to it/;

/** Defines the tests of each mistake under one method, or under the other where there are two. */
export function describeCaught(which: 0 | 1): void {
  describe.each(cases.filter(({ turn }) => turn === which))('--inject=$name, $tracking', ({ tracking, name, injection: { proof } }) => {
    it('is caught: status 1, and a last line that says by what', async () => {
      const { io, stdout, stderr } = testIo();
      const options = proof ? [] : SMALL;
      expect(await demo(io, ...options, `--inject=${name}`, `--tracking=${tracking}`)).toBe(1);
      const lines = unfolded(stderr());
      const last = lines.at(-1)!;
      const wide = stderr()
        .split('\n')
        .filter((line) => line.length > 80);
      expect(wide).toEqual([]);
      expect(last).toMatch(/^tidemark: /);
      expect(last).not.toContain('nothing showed it');
      if (!proof) return expect(last).toMatch(ON_THE_MAP);
      expect(lines.slice(0, 2)).toEqual([`the scene: ${proof.scene}`, 'without the mistake: everything holds']);
      expect(stdout()).toBe('');
    });
  });
}
