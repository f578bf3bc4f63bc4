// --trace instructions: what each instruction reads and writes.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { floatText } from '../../../src/cli/guest/trace/float-values.ts';
import { GUESTS } from '../../checkpoint/support/guest.ts';
import { u32 } from '../../support/code.ts';
import { cli } from '../streams.ts';
import { inDirectory, instruction, traced, values } from './traced.ts';

const at = inDirectory();
const code = at('code.bin');

const MOV_EAX = (value: number): number[] => [0xb8, ...u32(value)];
const MOV_ECX = (value: number): number[] => [0xb9, ...u32(value)];
const MOV_EDI = (value: number): number[] => [0xbf, ...u32(value)];

describe('values of instructions', () => {
  it('registers and memory before, what is written after, flags that changed', async () => {
    const store = [0xa3, ...u32(0x20000)];
    const add = [0x03, 0x05, ...u32(0x20000)];
    expect(await values(code, MOV_EAX(0x80000000), store, add, [0x0f, 0x92, 0xc3], [0x88, 0xc4])).toEqual([
      'mov eax, 0x80000000 ; -> eax=0x80000000',
      'mov [0x20000], eax ; eax=0x80000000 -> [0x20000]=0x80000000',
      'add eax, [0x20000] ; eax=0x80000000 [0x20000]=0x80000000 -> eax=0x0 CF=1 PF=1 ZF=1 OF=1',
      'setb bl ; CF=1 -> bl=0x1',
      'mov ah, al ; al=0x0 -> ah=0x0',
    ]);
  });

  it('the stack, where the operand is below or above its pointer', async () => {
    const lines = await values(code, [0xbc, ...u32(0x9000)], [0x6a, 0xff], [0xff, 0x34, 0x24], [0x8f, 0x44, 0x24, 0x08], [0x58], 0x60);
    expect(lines.slice(1)).toEqual([
      'push 0xffffffff ; esp=0x9000 -> esp=0x8ffc [0x8ffc]=0xffffffff',
      'push dword ptr [esp] ; esp=0x8ffc [0x8ffc]=0xffffffff -> esp=0x8ff8 [0x8ff8]=0xffffffff',
      'pop dword ptr [esp+8] ; esp=0x8ff8 [0x8ff8]=0xffffffff -> esp=0x8ffc [0x9004]=0xffffffff',
      'pop eax ; esp=0x8ffc [0x8ffc]=0xffffffff -> eax=0xffffffff esp=0x9000',
      expect.stringMatching(/^pushad ; .* -> esp=0x8fe0 \[0x8ffc\]=0xffffffff (\[0x8f[ef][0-9a-f]\]=\S+ ){6}\[0x8fe0\]=0x0$/),
    ]);
  });

  it('each iteration of a string instruction, and none of one that is not repeated', async () => {
    const lines = await values(code, MOV_ECX(2), MOV_EDI(0x20000), [0xf3, 0x66, 0xab], [0xf3, 0xa4]);
    expect(lines.slice(2)).toEqual([
      'rep stosw [edi] ; ax=0x0 ecx=0x2 edi=0x20000 DF=0 -> ecx=0x1 edi=0x20002 [0x20000]=0x0',
      'rep stosw [edi] ; ax=0x0 ecx=0x1 edi=0x20002 DF=0 -> ecx=0x0 edi=0x20004 [0x20002]=0x0',
      'rep movsb [edi], [esi] ; ecx=0x0',
    ]);
  });

  it('the part of a string of bits that BTS reaches', async () => {
    const lines = await values(code, MOV_EAX(35), [0x0f, 0xab, 0x05, ...u32(0x20000)], MOV_EAX(-1), [0x0f, 0xa3, 0x05, ...u32(0x20008)]);
    expect([lines[1], lines[3]]).toEqual([
      'bts [0x20000], eax ; eax=0x23 [0x20004]=0x0 -> [0x20004]=0x8',
      'bt [0x20008], eax ; eax=0xffffffff [0x20004]=0x8',
    ]);
  });

  it('a device in memory is not read for it', async () => {
    const lines = await values(code, [0xa1, ...u32(0xfee00020)], [0xa2, ...u32(0xfee00020)]);
    expect(lines).toEqual([
      expect.stringMatching(/^mov eax, \[0xfee00020\] ; \[0xfee00020\]=mmio -> eax=0x/),
      expect.stringMatching(/^mmio vcpu=0 direction=read gpa=0xfee00020 width=4 /),
      expect.stringMatching(/^mov \[0xfee00020\], al ; al=0x[0-9a-f]+ -> \[0xfee00020\]=mmio$/),
      expect.stringMatching(/^mmio vcpu=0 direction=write gpa=0xfee00020 width=1 /),
    ]);
  });

  it('the stack of the x87, and its status where that is all', async () => {
    const lines = await values(code, [0xdb, 0xe3], [0xd9, 0xe8], [0xd9, 0xee], [0xde, 0xf9], [0xd9, 0xf7]);
    expect(lines).toEqual([
      'fninit ; -> fcw=0x37f',
      'fld1 ; -> st0=1',
      'fldz ; -> st0=0',
      'fdivp ; st1=1 st0=0 -> st0=inf fsw=0x3804',
      'fincstp ; -> fsw=0x4',
    ]);
  });

  it('registers that the disassembler does not list', async () => {
    const [load] = await values(code, [0x0f, 0x01, 0x1d], { abs32: 'idt' }, [0xeb, 6], { label: 'idt' }, [0xff, 7, ...u32(0x5000)]);
    expect(load).toBe('lidt [0x10009] ; [0x10009]=0x500007ff -> idtr.base=0x5000 idtr.limit=0x7ff');
  });
});

describe('what is not the instruction’s', () => {
  it('a fault shows what was read; what its delivery wrote is not shown', async () => {
    const lines = await traced(`${GUESTS}/triple-fault/triple-fault.elf`, '--trace=instructions');
    const last = instruction(lines.at(-1)!)!;
    expect(last.writes).toBe('');
  });

  it('no cycle has a page, a bit or a register more', async () => {
    const run = (name: string, ...more: string[]) =>
      cli(
        'run',
        `${GUESTS}/dirtier/dirtier-64.elf`,
        '--memory=8M',
        '--serial=none',
        '--append=pages=8 rate=4 iterations=2 group=1',
        '--max-instructions=12000',
        '--checkpoint-every=3000insns',
        `--checkpoint-to=${at(name)}`,
        ...more,
      );
    await run('plain');
    await run('shown', `--trace=instructions=${at('trace')}`);
    const files = readdirSync(at('plain')).filter((name) => /^(base|cycle)/.test(name));
    expect(files.length).toBeGreaterThan(3);
    for (const name of files)
      expect(Buffer.compare(readFileSync(`${at('plain')}/${name}`), readFileSync(`${at('shown')}/${name}`))).toBe(0);
    expect(readFileSync(at('trace'), 'utf8')).toMatch(/ -> \[0x[0-9a-f]+\]=/);
  });
});

describe('a number of 80 bits', () => {
  it.each([
    [0x3fff_8000000000000000n, '1'],
    [0xc000_c90fdaa22168c235n, '-3.141592653589793'],
    [0n, '0'],
    [0x8000_0000000000000000n, '-0'],
    [0x7fff_8000000000000000n, 'inf'],
    [0xffff_c000000000000000n, '-nan'],
    [0x43fe_8000000000000000n, String(2 ** 1023)],
    [0x4400_8000000000000000n, '0x44008000000000000000'],
    [0x0001_8000000000000000n, '0x18000000000000000'],
    [0x3fff_4000000000000000n, '0x3fff4000000000000000'],
  ])('%#', (bits, text) => {
    expect(floatText(bits)).toBe(text);
  });
});
