import { describe, expect, it } from 'vitest';
import { junitXml, xmlText } from '../../../src/cli/test-report/junit.ts';
import { tapText } from '../../../src/cli/test-report/tap.ts';
import type { TestCase } from '../../../src/cli/test-report/test-case.ts';
import { checkXml } from './check-xml.ts';

const NASTY = 'a "b" <c> & \x1b[31m\0\x7f\r\n\td \ud800 é \ufffe ]]> 😀';
const cases: readonly TestCase[] = [
  { name: 'good', result: 'passed', seconds: 0.25, message: '', detail: '' },
  { name: NASTY, result: 'failed', seconds: null, message: NASTY, detail: '' },
  { name: 'odd # one', result: 'skipped', seconds: null, message: 'no disk', detail: '' },
  { name: 'bad', result: 'failed', seconds: 1, message: 'short', detail: 'long\nand two' },
];

describe('JUnit XML', () => {
  const xml = junitXml([{ name: 'kernel.elf', seconds: 1.5, cases, output: NASTY, errors: 'said' }], 2);

  it('is well-formed whatever the guest printed', () => {
    const root = checkXml(xml);
    expect(root.name).toBe('testsuites');
    const [suite] = root.children;
    expect(suite!.attributes).toEqual({ name: 'kernel.elf', tests: '4', failures: '2', errors: '0', skipped: '1', time: '1.500' });
    expect(suite!.children.map(({ name }) => name)).toEqual(['testcase', 'testcase', 'testcase', 'testcase', 'system-out', 'system-err']);
    expect(suite!.children[1]!.attributes['name']).toBe('a "b" <c> & ␛[31m␀␡\r\n\td \ufffd é \ufffd ]]> 😀');
    expect(suite!.children[3]!.children[0]!.text).toBe('long\nand two');
  });

  it('keeps text that looks escaped as it is', () => expect(xmlText('&#13;&amp;\r')).toBe('&amp;#13;&amp;amp;&#13;'));
});

it('TAP escapes what would be a directive, and says why in comments', () => {
  expect(tapText(cases.slice(2)).split('\n')).toEqual([
    'TAP version 13',
    '1..2',
    'ok 1 - odd \\# one # SKIP no disk',
    'not ok 2 - bad',
    '# long',
    '# and two',
    '',
  ]);
});
