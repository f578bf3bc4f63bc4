// The WebAssembly of selected instructions and regions against blessed texts, so that a change of what is emitted shows, and
// its size: UPDATE_GOLDEN=1 writes them anew.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { meaningOf } from '../../src/cpu/isa/index.ts?instance=translator';
import { compileRegion } from '../../src/cpu/translator/region-compiler.ts';
import { RegionFrame } from '../../src/cpu/translator/region-frame.ts';
import { WHOLE_PAGE, planRegion } from '../../src/cpu/translator/region-planner.ts';
import { WasmBuilder } from '../../src/cpu/translator/wasm-builder.ts';
import { functionsOf, printFunction, registerName } from './wat.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
/** Supervisor code in 32-bit and 64-bit mode (cpu/code-key.ts). */
const KEY = { 32: 0x8000, 64: 0x8008 } as const;

type Case = readonly [width: 32 | 64, hex: string];

/** File name → code size and bytes of one instruction, from flags that are not known. */
const INSTRUCTIONS: Readonly<Record<string, Case>> = {
  'add-r32-r32': [32, '01d8'],
  'add-r64-r64': [64, '4801d8'],
  'add-eax-in-64-bit-code': [64, '01d8'],
  'add-m32-r32': [32, '0103'],
  'adc-r32-imm8': [32, '83d005'],
  'cmp-r8-imm8': [64, '3c41'],
  'inc-r32': [32, '40'],
  'xor-ah-al': [32, '30c4'],
  'not-r16': [32, '66f7d0'],
  'mov-m64-rip-relative': [64, '488b0500010000'],
  'mov-fs': [64, '648b042500000000'],
  'lea-sib': [64, '488d448b10'],
  'movzx-m8': [32, '0fb603'],
  'movsx-r64-m16': [64, '480fbf03'],
  'shl-r32-imm8': [32, 'c1e005'],
  'shl-r32-cl': [32, 'd3e0'],
  'ror-r16-imm8': [32, '66c1c803'],
  'rcl-r32-1': [32, 'd1d0'],
  'shld-r32-imm8': [32, '0fa4d807'],
  'bt-m32-r32': [32, '0fa303'],
  'bsf-r32': [32, '0fbcc3'],
  'mul-r32': [32, 'f7e3'],
  'imul-r64-r64': [64, '480fafc3'],
  'div-r32': [32, 'f7f3'],
  'idiv-r64': [64, '48f7fb'],
  setl: [32, '0f9cc0'],
  cmovbe: [64, '480f46c3'],
  'xchg-m32-r32': [32, '8703'],
  'cmpxchg-m32': [32, '0fb10b'],
  'push-r64': [64, '53'],
  'pop-r32': [32, '5b'],
  'call-rel32': [32, 'e800010000'],
  'ret-64': [64, 'c3'],
  'jcc-after-unknown-flags': [32, '7f10'],
  loop: [32, 'e2fe'],
  std: [32, 'fd'],
  movsb: [32, 'a4'],
  'rep-stosd': [32, 'f3ab'],
  'repe-cmpsb': [64, 'f3a6'],
  bound: [32, '6203'],
  daa: [32, '27'],
};

/** File name → code size and bytes of a region that begins at the page's start; what follows is undefined. */
const REGIONS: Readonly<Record<string, Case>> = {
  // inc eax; dec ecx; jnz
  'region-counted-loop': [32, '4049 75fc f4'],
  // inc eax; cmp eax, ebx; jne
  'region-loop-to-a-bound': [32, '40 39d8 75fb f4'],
  // test eax, eax; je; add; jmp; sub; hlt
  'region-diamond': [32, '85c0 7405 83c301 eb03 83eb01 f4'],
  // outer: mov ecx, 3; inner: dec ecx; jnz inner; dec edx; jnz outer
  'region-nested-loops': [32, 'b903000000 49 75fd 4a 75f5 f4'],
  // cmp rax, rbx; jl; cmp; jae
  'region-compare-and-branch-64': [64, '4839d8 7c06 4839d9 7301 90 f4'],
  // je into the middle of a loop
  'region-irreducible': [32, '7401 40 48 75fc f4'],
  'region-call-out-of-page': [64, 'e8fb2f0000'],
  // mov ecx, 4; rep movsb; inc eax
  'region-rep-movsb': [32, 'b904000000 f3a4 40 f4'],
};

const UD = 0x0b0f;

function bytesOf(hex: string): Uint8Array {
  const page = new Uint8Array(4096);
  new Uint16Array(page.buffer).fill(UD);
  page.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return page;
}

const WHOLE_PAGE_EXTENT = { low: 0, high: 4096, cutsTo16: false };

const modeOf = (width: 32 | 64): CodeMode => (width === 64 ? CodeMode.BITS64 : CodeMode.BITS32);

/** Names of the locals that every frame has. */
const FRAME_LOCALS = [
  'cpu',
  'tlb',
  'entry',
  'pageBase',
  'rip',
  'remaining',
  'flagKind',
  'flagX',
  'flagY',
  'flagR',
  'flagTop',
  'exitWord',
] as const;
const frameNames = (frame: RegionFrame): Map<number, string> => new Map(FRAME_LOCALS.map((name) => [frame[name], name]));

function printInstruction([width, hex]: Case): string {
  const bytes = bytesOf(hex);
  let at = 0;
  const insn = decode(() => bytes[at++]!, modeOf(width), ALL_FEATURES);
  const frame = new RegionFrame(KEY[width], WHOLE_PAGE_EXTENT);
  const builder = new WasmBuilder(frame, 0);
  frame.begin();
  builder.flags.enterDynamic();
  const before = frame.body.size;
  builder.beginInstruction(insn, { distance: 0, left: 1 });
  meaningOf(insn)(builder, insn);
  const size = frame.body.size - before;
  const names = frameNames(frame);
  for (let reg = 0; reg < 2 * (width / 8); reg++) names.set(frame.register(reg), registerName(reg));
  const [, ...lines] = printFunction(frame.body.finish().finish(), names);
  return [`${insn.mnemonic}, ${width}-bit code: ${size} bytes; ends with ${builder.terminator.kind}`, ...lines, ''].join('\n');
}

function printRegion([width, hex]: Case): string {
  const page = bytesOf(hex);
  const code = { page, following: new Uint8Array(), mode: modeOf(width), features: ALL_FEATURES, bounds: WHOLE_PAGE, entered: [0] };
  const plan = planRegion(code, 0);
  const module = compileRegion(plan, KEY[width], { pages: 1, shared: false }, () => 0);
  const blocks = plan.blocks.map(
    ({ distance, insns, end }) => `block ${distance}: ${insns.map(({ insn }) => insn.mnemonic).join(' ')}; ${end.kind}`,
  );
  const emitted = functionsOf(module)[0]!;
  const title = `${width}-bit code: ${plan.insnCount} instructions, ${emitted.length} bytes of ${module.length}`;
  return [title, ...blocks, ...printFunction(emitted, frameNames(new RegionFrame(KEY[width], plan.extent))), ''].join('\n');
}

function compareWithGolden(name: string, actual: string): void {
  const path = join(GOLDEN, `${name}.txt`);
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(path, actual);
  }
  expect(actual).toBe(readFileSync(path, 'utf8'));
}

describe('emitted code', () => {
  it.each(Object.entries(INSTRUCTIONS))('of %s', (name, instruction) => compareWithGolden(name, printInstruction(instruction)));
  it.each(Object.entries(REGIONS))('of %s', (name, region) => compareWithGolden(name, printRegion(region)));

  it('has no golden file too many', () => {
    const names = [...Object.keys(INSTRUCTIONS), ...Object.keys(REGIONS)].map((name) => `${name}.txt`).sort();
    expect(readdirSync(GOLDEN).sort()).toEqual(names);
  });
});
