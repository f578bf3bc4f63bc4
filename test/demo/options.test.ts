import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { commandLine } from '../../src/cli/demo/dirtier.ts';
import { findGuest, listGuests } from '../../src/cli/demo/guests.ts';
import { INJECTIONS, parseInjection } from '../../src/cli/demo/inject.ts';
import { MISTAKES } from '../../src/cli/demo/mistakes/mistakes.ts';
import { OPTIONS, resolveDemo } from '../../src/cli/demo/options.ts';
import { main } from '../../src/cli/main.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { testIo } from './support.ts';

const MiB = 1024 ** 2;

const resolve = (...argv: string[]) => {
  const parsed = parseArguments(OPTIONS, argv);
  if (parsed === 'help') throw new RangeError('help');
  return resolveDemo(parsed.values, parsed.positionals);
};

describe('what is asked for', () => {
  it('is the map unless a name says otherwise', () => {
    const request = resolve();
    expect(request).toMatchObject({ scene: 'tracked', work: { memory: 64 * MiB, tracking: 'pml', dirtyTrigger: 96, injection: null } });
    expect(resolve('dirtier')).toEqual(request);
    expect(resolve('compare', '--seed', '7')).toMatchObject({ scene: 'compared', work: { memory: 16 * MiB, seed: 7 } });
    expect(resolve('sieve', '--memory=32M')).toEqual({ scene: 'guest', name: 'sieve', memory: 32 * MiB, engine: 'auto', json: false });
  });

  it('reaches the guest', () => {
    const request = resolve('--pattern=random', '--pages=100', '--iterations=3', '--seed=9');
    if (request.scene !== 'tracked') throw new RangeError(request.scene);
    expect(commandLine(request.work)).toBe('pattern=random pages=100 iterations=3 rate=64 seed=9');
  });

  it.each<[string[], RegExp]>([
    [['a', 'b'], /'b' is a second one/],
    [['sieve', '--pages=4'], /--pages has no meaning here/],
    [['sieve', '--inject=lost-write'], /--inject has no meaning here/],
    [['compare', '--dirty-trigger=4'], /--dirty-trigger has no meaning here/],
    [['--inject=copy-before-rearm', '--pages=9'], /--pages has no meaning here: copy-before-rearm shows in a scene of its own/],
    [['--inject=skip-drain', '--tracking=write-protect'], /skip-drain is a mistake of --tracking=pml/],
    [['--pages=16384'], /--pages 16384 needs --memory 70M or more/],
    [['--memory=8M', '--pages=64', '--dirty-trigger=2049'], /more than the 2048 pages/],
    [['--pages=1'], /not between 2 and 16384/],
    [['--pattern=zigzag'], /not one of mixed, sequential/],
    [['--memory=4M'], /not between 8M and 1G/],
  ])('%j is refused', (argv, message) => {
    expect(() => resolve(...argv)).toThrow(InputError);
    expect(() => resolve(...argv)).toThrow(message);
  });
});

describe('--inject', () => {
  it('takes every mistake that a machine can be built with', () => {
    expect(new Set(INJECTIONS.map((name) => parseInjection(name).wrap))).toEqual(new Set(Object.values(MISTAKES)));
    expect(parseInjection('lost-write')).toMatchObject({ name: 'lost-write', wrap: MISTAKES.lostWrite, proof: null });
  });

  it('lists them for any other: status 125, one line', async () => {
    const { io, stderr } = testIo();
    expect(await main(['demo', '--inject', 'lostWrite'], io)).toBe(125);
    expect(stderr()).toMatch(/^tidemark: option '--inject': 'lostWrite' is not one of (?:[a-z0-9-]+, )*lost-write,[^\n]*\n$/);
  });
});

describe('guests by name', () => {
  const guests = listGuests();

  it('are what is built under guests/', () => {
    const some = ['boot-hello', 'dirtier-64', 'kernel32', 'sieve-32', 'sieve-64', 'smp64'];
    expect(guests.map(({ name }) => name)).toEqual(expect.arrayContaining(some));
  });

  it.each([
    ['sieve', 'sieve-64'],
    ['sieve-32', 'sieve-32'],
    ['kernel32', 'kernel32'],
  ])('%s is %s', (name, found) => {
    expect(findGuest(name, guests).name).toBe(found);
  });

  it('that do not exist are listed: status 125, one line', async () => {
    const { io, stderr } = testIo();
    expect(await main(['demo', '../x'], io)).toBe(125);
    expect(stderr()).toMatch(/^tidemark: there is no guest '\.\.\/x'; there are compare, boot-hello, .*\n$/);
  });

  it('run with their console on stdout', async () => {
    const { io, stdout, stderr } = testIo();
    expect({ status: await main(['demo', 'plain64'], io), stderr: stderr() }).toEqual({ status: 0, stderr: '' });
    expect(stdout()).toMatch(/^plain64: hello\n[^]*plain64: done\n$/);
  });
});
