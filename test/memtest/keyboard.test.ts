// memtest86+ by its other console: the PC's text screen and keyboard.

import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';
import { pressKeys } from '../../src/machine/us-keyboard.ts';
import { itNeeding } from '../support/skip.ts';
import { IMAGES, MEMORY } from './memtest.ts';

const SLICE = 10e6;
const LIMIT = 1000e6;

const [, image] = IMAGES[1]!;

describe('memtest86+ on the screen', () => {
  itNeeding(image.path !== null, image.reason)('opens and closes its menu and resets the machine as keys ask', () => {
    const pc = createPc({ memory: MEMORY });
    loadImage('memtest86+', readFileSync(image.path!), bootTarget(pc.vm), {});
    const screen = (): string => screenLines(textScreen(pc)!).join('\n');
    /** Runs until the screen shows `text` or not; the exit that came before. */
    const runUntil = (text: string, shown: boolean): string => {
      for (let retired = 0; retired < LIMIT && screen().includes(text) !== shown; retired += SLICE) {
        const { exit } = pc.vm.runSlice(SLICE);
        if (exit.kind !== 'limit') return exit.kind;
      }
      return screen().includes(text) === shown ? 'reached' : 'limit';
    };
    expect(runUntil('Pattern: 0x', true)).toBe('reached');
    expect(screen()).toMatch(/^ +Memtest86\+ v\d+\.\d+ +│ Tidemark Virtual CPU/);
    pc.board.keyboardInput(pressKeys('F1'));
    expect(runUntil('<F10> Exit menu', true)).toBe('reached');
    pc.board.keyboardInput(pressKeys('F10'));
    expect(runUntil('<F10> Exit menu', false)).toBe('reached');
    pc.board.keyboardInput(pressKeys('Escape'));
    expect(runUntil('no such text', true)).toBe('reset');
  });
});
