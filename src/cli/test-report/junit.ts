// JUnit's XML, in the form that Jenkins, GitLab and the actions for GitHub read. There is no standard; what is written here is what
// https://github.com/testmoapp/junitxml describes.

import type { TestCase, TestSuite } from './test-case.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** What XML 1.0 cannot hold, not even escaped ("Characters"). */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const CONTROL_PICTURES = 0x2400;

/** As text of an element. Control characters become their pictures, such as ␛. */
export function xmlText(text: string): string {
  const legal = text.replace(FORBIDDEN, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(CONTROL_PICTURES + code) : code === 0x7f ? '␡' : '\ufffd';
  });
  // A bare carriage return would be read back as a line feed.
  return legal.replace(/[&<>"]/g, (character) => ENTITIES[character]!).replaceAll('\r', '&#13;');
}

const xmlAttribute = (text: string): string => xmlText(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');

function attributes(values: Readonly<Record<string, string | number>>): string {
  const texts = Object.entries(values).map(
    ([name, value]) => ` ${name}="${typeof value === 'number' ? String(value) : xmlAttribute(value)}"`,
  );
  return texts.join('');
}

const seconds = (value: number): string => value.toFixed(3);

function counts(cases: readonly TestCase[]): Readonly<Record<string, number>> {
  const count = (wanted: TestCase['result']): number => cases.filter(({ result }) => result === wanted).length;
  return { tests: cases.length, failures: count('failed'), errors: 0, skipped: count('skipped') };
}

function testcase(suite: string, { name, result, seconds: time, message, detail }: TestCase): string[] {
  const head = `    <testcase${attributes({ name, classname: suite, ...(time === null ? {} : { time: seconds(time) }) })}`;
  if (result === 'passed') return [`${head}/>`];
  const inside =
    result === 'skipped'
      ? `<skipped${attributes({ message })}/>`
      : `<failure${attributes({ message, type: 'failure' })}>${xmlText(detail === '' ? message : detail)}</failure>`;
  return [`${head}>`, `      ${inside}`, '    </testcase>'];
}

function testsuite({ name, seconds: time, cases, output, errors }: TestSuite): string[] {
  return [
    `  <testsuite${attributes({ name, ...counts(cases), time: seconds(time) })}>`,
    ...cases.flatMap((one) => testcase(name, one)),
    ...(output === '' ? [] : [`    <system-out>${xmlText(output)}</system-out>`]),
    ...(errors === '' ? [] : [`    <system-err>${xmlText(errors)}</system-err>`]),
    '  </testsuite>',
  ];
}

/** The document, with its last newline. `time`: seconds that all took together. */
export function junitXml(suites: readonly TestSuite[], time: number): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'tidemark', ...counts(all), time: seconds(time) })}>`,
    ...suites.flatMap(testsuite),
    '</testsuites>',
    '',
  ].join('\n');
}
