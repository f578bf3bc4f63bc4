// --trace-filter: what is shown of a trace.

import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { addFilters, NO_FILTER } from '../../../src/cli/guest/trace/filter.ts';
import { GUESTS } from '../../checkpoint/support/guest.ts';
import { assemble, u32 } from '../../support/code.ts';
import { cli } from '../streams.ts';
import { AT, inDirectory, instruction, traced } from './traced.ts';

const at = inDirectory();

describe('the filter’s text', () => {
  it('adds up', () => {
    const filter = addFilters('main,0x10', addFilters('vcpu=1,vcpu=2,count=5,0x20..0x2f,0x100+16', NO_FILTER));
    expect(filter).toEqual({
      ranges: [
        { from: 0x20n, to: 0x30n },
        { from: 0x100n, to: 0x110n },
        { from: 0x10n, to: 0x11n },
      ],
      functions: ['main'],
      vcpus: [1, 2],
      count: 5,
    });
    expect(addFilters('0xffffffffffffffff', NO_FILTER).ranges).toEqual([{ from: 2n ** 64n - 1n, to: 2n ** 64n }]);
    expect(addFilters('_ZN4core3ptr13drop_in_place$LT$std..rt$GT$17h0E', NO_FILTER).functions).toHaveLength(1);
  });

  it.each([
    ['', "'' is not an address such as 0x1000, 0x1000..0x1fff or 0x1000+0x100, a function, vcpu=N or count=N"],
    ['0x10-0x20', "'0x10-0x20' is not an address such as"],
    ['vcpus=1', "'vcpus=1' is not an address such as"],
    ['main,', "'' is not an address such as"],
    ['0x10..', "'0x10..' is not an address such as"],
    ['0x20..0x1f', "'0x20..0x1f' has no address in it"],
    ['5+0', "'5+0' has no address in it"],
    ['0xffffffffffffffff+2', "'0xffffffffffffffff+2' reaches beyond the 64 bits of an address"],
    ['vcpu=30', '30 is not between 0 and 29'],
    ['count=0', '0 is not 1 or more'],
    ['count=many', "'many' is not a whole number"],
  ])('%j is refused', (text, message) => {
    expect(() => addFilters(text, NO_FILTER)).toThrow(message);
  });
});

/** Calls a function that writes to a port twice and to a device in memory, then meets UD2. */
const code = assemble(
  AT,
  0xe8,
  { rel32: 'speak' },
  { label: 'end' },
  [0x0f, 0x0b],
  { label: 'speak' },
  [0xe6, 0x80, 0xe6, 0x80],
  [0xa3, ...u32(0xfee00020)],
  { label: 'back' },
  0xc3,
);
const hex = (value: number): string => `0x${value.toString(16)}`;

describe('a trace shows', () => {
  beforeAll(() => {
    writeFileSync(at('code.bin'), code.bytes);
    const map = [
      [AT, 'start'],
      [code.at['end']!, 'finish'],
      [code.at['speak']!, 'speak'],
      [code.at['speak']!, 'say'],
    ].map(([address, name]) => `${Number(address).toString(16).padStart(8, '0')} T ${name}\n`);
    writeFileSync(at('map'), map.join(''));
  });

  const run = (...options: string[]) => traced(at('code.bin'), `--at=${AT}`, '--memory=2M', ...options);
  const symbols = (): string => `--symbols=${at('map')}`;

  it('the function of each instruction, and of a branch’s target', async () => {
    const lines = await run('--trace=instructions', symbols());
    expect(lines.map(instruction).map((one) => one && `${one.symbol}: ${one.text}`)).toEqual([
      `start: call ${`0x${code.at['speak']!.toString(16).padStart(8, '0')}`} <speak>`,
      'speak: out 0x80, al',
      'speak+0x2: out 0x80, al',
      'speak+0x4: mov [0xfee00020], eax',
      'speak+0x9: ret',
      'finish: ud2',
    ]);
  });

  it('instructions at addresses, in ranges, in functions by any of their names', async () => {
    const shown = async (...filters: string[]): Promise<string[]> =>
      (await run('--trace=instructions', symbols(), ...filters.map((filter) => `--trace-filter=${filter}`))).map((line) =>
        instruction(line)!.text.replace(/ .*/, ''),
      );
    expect(await shown(hex(AT))).toEqual(['call']);
    expect(await shown(`${hex(AT)},finish`)).toEqual(['call', 'ud2']);
    expect(await shown(hex(AT), 'finish')).toEqual(['call', 'ud2']);
    expect(await shown('speak')).toEqual(['out', 'out', 'mov', 'ret']);
    expect(await shown('say')).toEqual(['out', 'out', 'mov', 'ret']);
    expect(await shown(`${hex(code.at['speak']!)}..${hex(code.at['speak']! + 2)}`)).toEqual(['out', 'out']);
    expect(await shown(`${hex(code.at['speak']!)}+2`)).toEqual(['out']);
    expect(await shown('speak,count=2')).toEqual(['out', 'out']);
  });

  it('events by the instruction that made them', async () => {
    expect(await run('--trace=io', `--trace-filter=${hex(AT)}`)).toEqual([]);
    const port = expect.stringMatching(/^io vcpu=0 direction=write port=0x80 /);
    const memory = expect.stringMatching(/^mmio vcpu=0 direction=write gpa=0xfee00020 /);
    expect(await run('--trace=io,mmio', symbols(), '--trace-filter=speak')).toEqual([port, port, memory]);
    expect(await run('--trace=io,mmio', '--trace-filter=count=2')).toEqual([port, port]);
    expect(await run('--trace=io,mmio', '--trace-filter=vcpu=0,count=1')).toEqual([port]);
    expect(await run('--trace=mmio,instructions', '--trace-filter', `${hex(code.at['speak']! + 4)}`)).toEqual([
      expect.stringMatching(/ mov \[0xfee00020\], eax /),
      memory,
    ]);
  });

  it('no event that is nobody’s, where somebody’s are asked for', async () => {
    const all = (...more: string[]) =>
      cli('run', at('code.bin'), `--at=${AT}`, '--memory=2M', '--serial=none', '--trace=events', '--checkpoint-every=3insns', ...more);
    expect((await all()).stderr).toMatch(/^mt-cycle cpid=1$[^]*^checkpoint cycle=1 /m);
    const { stderr } = await all('--trace-filter=vcpu=0');
    expect(stderr).toMatch(/^io vcpu=0/m);
    expect(stderr).not.toMatch(/^(mt-|checkpoint cycle)/m);
    const first = await all('--trace-filter=count=1');
    expect(first.stderr.match(/^(mt-|checkpoint cycle|io|mmio|exit|exception).*$/gm)).toEqual(['mt-cycle cpid=1']);
  });

  it('one vCPU of several', async () => {
    const lines = await traced(
      `${GUESTS}/smp64/smp64.elf`,
      '--memory=8M',
      '--cpus=3',
      '--enter-all',
      '--append=cpus=3 rounds=3',
      '--trace=instructions',
      '--trace-filter=vcpu=1,count=30',
    );
    expect(lines.map((line) => instruction(line)!.vcpu)).toEqual(Array.from({ length: 30 }, () => 1));
  });

  it('so many, while the guest runs on as without a trace', async () => {
    const run = (...options: string[]) => cli('run', `${GUESTS}/plain32/plain32.elf`, ...options);
    const plain = await run();
    const shown = await run(`--trace=instructions=${at('few')}`, '--trace-filter=count=3');
    expect(shown).toEqual(plain);
  });

  it.each([
    [['--trace-filter=main'], '--trace-filter needs --trace'],
    [['--trace=io', '--trace-filter=vcpu=1'], '--trace-filter vcpu=1: the machine has 1, counted from 0'],
    [['--trace=io', '--trace-filter=main'], '--trace-filter main: there are no names of functions here; --symbols F says where they are'],
    [['--trace=io', '--symbols=MAP', '--trace-filter=speek'], "--trace-filter speek: no function has that name; did you mean 'speak'?"],
  ])('what is not there is refused: %j', async (options, message) => {
    const argv = options.map((option) => option.replace('MAP', at('map')));
    const { status, stdout, stderr } = await cli('run', at('code.bin'), `--at=${AT}`, ...argv);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(`tidemark: ${message}`);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});
