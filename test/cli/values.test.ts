import { describe, expect, it } from 'vitest';
import { parseInteger, parseInterval, parseSeconds, parseSerial, parseSize, parseTrace, showSize } from '../../src/cli/values.ts';

const MiB = 1024 ** 2;
const size = (text: string): number => parseSize(text, MiB, 3072 * MiB);

describe('sizes', () => {
  it.each([
    ['1M', MiB],
    ['64M', 64 * MiB],
    ['2048K', 2 * MiB],
    ['3G', 3072 * MiB],
    ['128m', 128 * MiB],
    ['1g', 1024 * MiB],
  ])('%s', (text, bytes) => expect(size(text)).toBe(bytes));

  it.each([
    ['0M', /0M is not between 1M and 3G/],
    ['512K', /not between/],
    ['4G', /not between/],
    ['99999999999999999999G', /not between/],
    ['128', /not a size such as/],
    ['', /not a size/],
    ['1.5G', /not a size/],
    ['-1G', /not a size/],
    ['64MB', /not a size/],
    ['M', /not a size/],
    ['0x40M', /not a size/],
    [' 64M', /not a size/],
  ])("refuses '%s'", (text, message) => expect(() => size(text)).toThrow(message));

  it.each([MiB, 128 * MiB, 3072 * MiB, 5 * 1024])('%d is shown as what reads back', (bytes) => {
    expect(parseSize(showSize(bytes), 0, Infinity)).toBe(bytes);
  });
});

describe('whole numbers', () => {
  it.each([
    ['0', 0],
    ['42', 42],
    ['0x7c00', 0x7c00],
    ['0XFF', 255],
    ['1000', 1000],
  ])('%s', (text, value) => {
    expect(parseInteger(text, 0, 0xffff)).toBe(value);
  });

  it.each(['', '-1', '1e3', '1.0', '0x', 'ten', '1_000', ' 1'])("refuses '%s'", (text) => {
    expect(() => parseInteger(text, 0, 0xffff)).toThrow(/is not a whole number/);
  });

  it('names the bounds, and only the lower one where the upper is no bound', () => {
    expect(() => parseInteger('33', 1, 32)).toThrow('33 is not between 1 and 32');
    expect(() => parseInteger('0', 1, Number.MAX_SAFE_INTEGER)).toThrow('0 is not 1 or more');
    expect(() => parseInteger('99999999999999999999', 1, Number.MAX_SAFE_INTEGER)).toThrow();
  });
});

describe('seconds', () => {
  it.each([
    ['1', 1],
    ['0.25', 0.25],
    ['.5', 0.5],
    ['90', 90],
    ['3.', 3],
  ])('%s', (text, value) => expect(parseSeconds(text)).toBe(value));
  it.each(['0', '0.0', '', '.', '-1', '1s', 'Infinity', 'NaN', '1e3', '9999999999'])("refuses '%s'", (text) => {
    expect(() => parseSeconds(text)).toThrow(/seconds above 0/);
  });
});

describe('intervals between checkpoints', () => {
  it.each([
    ['50ms', { by: 'time', nanoseconds: 50e6 }],
    ['2s', { by: 'time', nanoseconds: 2e9 }],
    ['100us', { by: 'time', nanoseconds: 1e5 }],
    ['1000000insns', { by: 'instructions', count: 1_000_000 }],
    ['512pages', { by: 'pages', count: 512 }],
  ])('%s', (text, interval) => expect(parseInterval(text)).toEqual(interval));
  it.each(['', '50', 'ms', '0ms', '0pages', '1.5s', '50 ms', '50MS', '5minutes', '-1ms', '9999999999999999pages'])(
    "refuses '%s'",
    (text) => {
      expect(() => parseInterval(text)).toThrow(/not an interval such as 50ms/);
    },
  );
});

describe("the serial port's target", () => {
  it.each([
    ['stdio', { kind: 'stdio' }],
    ['none', { kind: 'none' }],
    ['file:a:b', { kind: 'file', path: 'a:b' }],
  ])('%s', (text, target) => {
    expect(parseSerial(text)).toEqual(target);
  });
  it.each(['', 'file:', 'file', 'stdout', 'a.txt'])("refuses '%s'", (text) => {
    expect(() => parseSerial(text)).toThrow(/not stdio, none or file:PATH/);
  });
});

describe('what to trace', () => {
  it.each([
    ['events', { what: 'events', classes: null, file: null }],
    ['instructions', { what: 'instructions', classes: ['exceptions', 'interrupts'], file: null }],
    ['io,mmio', { what: 'events', classes: ['io', 'mmio'], file: null }],
    ['interrupts,instructions=F', { what: 'instructions', classes: ['interrupts'], file: 'F' }],
    ['events=a=b', { what: 'events', classes: null, file: 'a=b' }],
  ])('%s', (text, target) => expect(parseTrace(text)).toEqual(target));
  it.each(['', 'event', 'events=', 'all'])("refuses '%s'", (text) => {
    expect(() => parseTrace(text)).toThrow(/is not one of events, instructions, exceptions, interrupts, io, mmio/);
  });
  it('names what may have been meant', () => {
    expect(() => parseTrace('io,instruction')).toThrow(/^'instruction' is not one of .*; did you mean 'instructions'\?$/);
  });
});
