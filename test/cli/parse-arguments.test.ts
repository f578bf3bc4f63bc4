import { describe, expect, it } from 'vitest';
import { choice, flag, list, nonEmpty, optionName, report, valued } from '../../src/cli/options.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

const TABLE = {
  fileName: valued('F', nonEmpty, ''),
  count: valued('N', Number, '', 7, '7'),
  quiet: flag(''),
  module: list('F', ''),
  colour: choice(['red', 'green'], 'red', ''),
  stats: report('FILE', ''),
};
const DEFAULTS = { fileName: null, count: 7, quiet: false, module: [], colour: 'red', stats: null };

const parse = (...argv: string[]) => parseArguments(TABLE, argv);

describe('parseArguments', () => {
  it('writes camel-case keys in GNU form', () => expect(optionName('maxDirtyPages')).toBe('--max-dirty-pages'));

  it.each<[string[], object, string[]]>([
    [[], {}, []],
    [['image'], {}, ['image']],
    [['--file-name', 'a', 'image'], { fileName: 'a' }, ['image']],
    [['--file-name=a=b', '--quiet'], { fileName: 'a=b', quiet: true }, []],
    [['image', '--count', '9', 'second'], { count: 9 }, ['image', 'second']],
    [['--count=1', '--count=2'], { count: 2 }, []],
    [['--module', 'a', '--module=b', '--module', 'c'], { module: ['a', 'b', 'c'] }, []],
    [['--colour=green'], { colour: 'green' }, []],
    [['--stats', 'image'], { stats: { file: null } }, ['image']],
    [['--stats=out', 'image'], { stats: { file: 'out' } }, ['image']],
    [['--file-name=-x'], { fileName: '-x' }, []],
    [['--file-name', '-'], { fileName: '-' }, []],
    [['--', '--quiet', '-x'], {}, ['--quiet', '-x']],
  ])('%j', (argv, values, positionals) => {
    expect(parse(...argv)).toEqual({ values: { ...DEFAULTS, ...values }, positionals });
  });

  it.each([
    [['--nonsense'], "unknown option '--nonsense'"],
    [['--nonsense=1'], "unknown option '--nonsense'"],
    [['--fileName=a'], "unknown option '--fileName'; did you mean '--file-name'?"],
    [['--flie-name', 'a'], "unknown option '--flie-name'; did you mean '--file-name'?"],
    [['--cou', '1'], "unknown option '--cou'; did you mean '--count'?"],
    [['--hepl'], "unknown option '--hepl'; did you mean '--help'?"],
    [['--no-quiet'], "unknown option '--no-quiet'"],
    [['--constructor'], "unknown option '--constructor'"],
    [['--__proto__=a'], "unknown option '--__proto__'"],
    [['-q'], "unknown option '-q'"],
    [['-qh'], "unknown option '-qh'"],
    [['-count', '1'], "unknown option '-count'; did you mean '--count'?"],
    [['-kernel', 'k'], "unknown option '-kernel'; 'tidemark qemu' takes QEMU's options"],
    [['-hda', 'k'], "unknown option '-hda'; 'tidemark qemu' takes QEMU's options"],
    [['--file-name'], "option '--file-name' needs a value (--file-name=F)"],
    [['--file-name', '--quiet'], "option '--file-name' needs a value (--file-name=F)"],
    [['--file-name='], "option '--file-name': the value is empty"],
    [['--module='], "option '--module': the value is empty"],
    [['--stats='], "option '--stats': the value is empty"],
    [['--quiet=yes'], "option '--quiet' takes no value, but was given 'yes'"],
    [['--colour', 'geren'], "option '--colour': 'geren' is not one of red, green; did you mean 'green'?"],
    [['--colour', 'blue'], "option '--colour': 'blue' is not one of red, green"],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ name: 'InputError', message }));
  });

  it.each([[['--help']], [['-h']], [['--nonsense', '--help']], [['image', '-h']]])('%j asks for help', (argv) => {
    expect(parse(...argv)).toBe('help');
  });

  it("leaves the table's defaults alone", () => {
    parse('--module', 'a');
    expect(TABLE.module.initial).toEqual([]);
  });
});
