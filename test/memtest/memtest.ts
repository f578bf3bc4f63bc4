// Debian's memtest86+ on a machine of 16 MiB, watched through its serial console.

import { readFileSync } from 'node:fs';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { debianFile } from '../support/debian-package.ts';
import type { DebianFile } from '../support/debian-package.ts';
import { Terminal } from './terminal.ts';

export const MEMORY = 16 * 1024 ** 2;

/** Of each image: where it is, or why it cannot be had. */
export const IMAGES: readonly (readonly [string, DebianFile])[] = ['ia32', 'x64'].map(
  (name) => [name, debianFile('memtest86+', `boot/memtest86+${name}.bin`)] as const,
);

/** What memtest86+ shows: the test at hand, its pattern, passes completed and errors found. */
export interface Progress {
  readonly test: number;
  readonly pattern: string;
  readonly passes: number;
  readonly errors: number;
}

export class Memtest {
  readonly vm: Vm;
  readonly terminal = new Terminal();
  /** All that came over the serial line. */
  serial = '';
  private readonly bytes: number[] = [];

  constructor(image: DebianFile, config: Omit<PcConfig, 'memory' | 'serial'>) {
    this.vm = createPc({ ...config, memory: MEMORY, serial: (byte) => this.bytes.push(byte) }).vm;
    loadImage('memtest86+', readFileSync(image.path!), bootTarget(this.vm), { append: 'console=ttyS0,115200' });
  }

  /** Brings the screen up to what was sent. */
  get lines(): string[] {
    const text = Buffer.from(this.bytes.splice(0)).toString('latin1');
    this.serial += text;
    this.terminal.write(text);
    return this.terminal.lines;
  }

  get progress(): Progress {
    const screen = this.lines.join('\n');
    const found = (pattern: RegExp): string => pattern.exec(screen)?.[1] ?? '';
    return {
      test: Number(found(/ #(\d+)/) || -1),
      pattern: found(/Pattern: +(\S+)/),
      passes: Number(found(/Pass: +(\d+) /) || -1),
      errors: Number(found(/Errors: +(\d+)/) || -1),
    };
  }
}
