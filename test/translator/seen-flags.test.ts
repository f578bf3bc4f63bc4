// Which flags somebody can see behind each instruction of a block: what is not seen is not kept.

import { expect, it } from 'vitest';
import { CodeMode } from '../../src/cpu/arch/code-mode.ts';
import { DEFAULT_MODEL } from '../../src/cpu/arch/model.ts';
import { AF, CF, OF, PF, SF, STATUS_FLAGS, ZF } from '../../src/cpu/arch/rflags.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { surveyOf } from '../../src/cpu/survey.ts';
import { seenAfterEach } from '../../src/cpu/translator/seen-flags.ts';

const CODE = {
  'add eax, ebx': [0x01, 0xd8],
  'sub eax, ebx': [0x29, 0xd8],
  'adc eax, ebx': [0x11, 0xd8],
  'inc ecx': [0x41],
  'mov eax, ebx': [0x89, 0xd8],
  'mov [edi], eax': [0x89, 0x07],
  'div ebx': [0xf7, 0xf3],
  'setz al': [0x0f, 0x94, 0xc0],
  'setc al': [0x0f, 0x92, 0xc0],
  'setle al': [0x0f, 0x9e, 0xc0],
  'shl eax, 1': [0xd1, 0xe0],
  'shl eax, cl': [0xd3, 0xe0],
  'rol eax, 1': [0xd1, 0xc0],
  'bt eax, 1': [0x0f, 0xba, 0xe0, 1],
  daa: [0x27],
  'rep cmpsb': [0xf3, 0xa6],
} as const;
type Text = keyof typeof CODE;

const surveyed = (text: Text): ReturnType<typeof surveyOf> => {
  let at = 0;
  return surveyOf(decode(() => CODE[text][at++] ?? 0, CodeMode.BITS32, DEFAULT_MODEL.features));
};

/** Instructions, and what is seen behind the first; everything is seen behind the last. */
const BLOCKS: readonly (readonly [first: Text, rest: readonly Text[], seen: number])[] = [
  ['add eax, ebx', [], STATUS_FLAGS],
  ['add eax, ebx', ['sub eax, ebx'], 0],
  ['add eax, ebx', ['mov eax, ebx', 'sub eax, ebx'], 0],
  ['add eax, ebx', ['mov [edi], eax', 'sub eax, ebx'], STATUS_FLAGS],
  ['add eax, ebx', ['div ebx', 'sub eax, ebx'], STATUS_FLAGS],
  ['add eax, ebx', ['inc ecx', 'adc eax, ebx'], CF],
  ['add eax, ebx', ['inc ecx', 'sub eax, ebx'], 0],
  ['add eax, ebx', ['inc ecx'], CF],
  ['add eax, ebx', ['setz al', 'sub eax, ebx'], ZF],
  ['add eax, ebx', ['setle al', 'sub eax, ebx'], SF | OF | ZF],
  ['add eax, ebx', ['shl eax, 1', 'setc al', 'sub eax, ebx'], 0],
  ['add eax, ebx', ['shl eax, cl', 'setc al', 'sub eax, ebx'], CF],
  ['add eax, ebx', ['rol eax, 1'], SF | ZF | AF | PF],
  ['add eax, ebx', ['bt eax, 1'], STATUS_FLAGS & ~CF],
  ['bt eax, 1', ['setc al', 'rol eax, 1', 'setz al', 'sub eax, ebx'], CF | ZF],
  ['add eax, ebx', ['daa', 'sub eax, ebx'], AF | CF],
  ['add eax, ebx', ['rep cmpsb', 'sub eax, ebx'], STATUS_FLAGS],
  ['rep cmpsb', ['sub eax, ebx'], STATUS_FLAGS],
];

it.each(BLOCKS)('behind %s, before %j', (first, rest, seen) => {
  expect(seenAfterEach([first, ...rest].map(surveyed), STATUS_FLAGS)[0]).toBe(seen);
});
