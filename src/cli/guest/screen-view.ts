// The PC's text screen on stderr: live on a terminal, in its alternate buffer; and once, as plain text, when the run has ended.

import { screenLines, textScreen } from '../../machine/text-screen.ts';
import type { TextScreen } from '../../machine/text-screen.ts';
import type { CliIo } from '../io.ts';
import { screenRows } from './screen-text.ts';
import type { ReadyMachine } from './session.ts';

interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
}
type ScreenIo = Pick<CliIo, 'env' | 'once' | 'off'> & { readonly stderr: CliIo['stderr'] & Terminal };

const ESC = '\x1b[';
const ENTER = `${ESC}?1049h${ESC}2J`;
const LEAVE = `${ESC}0m${ESC}?1049l`;
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const ERASE = `${ESC}2J`;
const ERASE_LINE_REST = `${ESC}K`;
const place = (row: number, column: number): string => `${ESC}${row + 1};${column + 1}H`;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** How a process ends that a signal ended, as shells see it. */
const SIGNAL_STATUS = { SIGINT: 128 + 2, SIGTERM: 128 + 15 } as const;
/** Milliseconds between two drawings, at least. */
const PACE = 50;
const GRAPHICS = '[the guest shows graphics, which are not drawn]';

export class ScreenView {
  /** Whether the screen is drawn while the guest runs. */
  readonly live: boolean;
  private readonly colour: boolean;
  private drawn: string[] = [];
  private drawnCursor = '';
  private drawnAt = -Infinity;
  private opened = false;
  private readonly onResize = (): void => {
    this.drawn = [];
    this.io.stderr.write(ERASE);
  };
  /** The first signal ends the run in order. A second one ends the process; the terminal is given back then too. */
  private readonly onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (this.signalled) process.exit(SIGNAL_STATUS[name]);
    this.signalled = true;
    for (const signal of SIGNALS) this.io.once?.(signal, this.onSignal);
  };
  private signalled = false;
  /** Also when the process is ended by an error, the terminal is given back. */
  private readonly onExit = (): void => this.leave();

  constructor(
    private readonly io: ScreenIo,
    private readonly machine: ReadyMachine,
  ) {
    this.live = io.stderr.isTTY === true;
    // no-color.org: any value but the empty one.
    this.colour = !io.env['NO_COLOR'];
  }

  open(): void {
    if (!this.live) return;
    this.opened = true;
    process.once('exit', this.onExit);
    this.io.stderr.on('resize', this.onResize);
    for (const signal of SIGNALS) this.io.once?.(signal, this.onSignal);
    this.io.stderr.write(`${ENTER}${HIDE_CURSOR}`);
  }

  /** Draws what has changed, unless the last time was just now. Returns after how many milliseconds it is to be called again. */
  refresh(): number {
    if (!this.opened) return Infinity;
    const early = this.drawnAt + PACE - performance.now();
    if (early > 0) return early;
    this.draw();
    return Infinity;
  }

  /** Draws what has changed, at once. */
  draw(): void {
    if (!this.opened) return;
    this.drawnAt = performance.now();
    const { stderr } = this.io;
    const size = { columns: stderr.columns || 80, rows: stderr.rows || 24 };
    const screen = textScreen(this.machine);
    const rows = screen ? screenRows(screen, size, this.colour) : [GRAPHICS];
    const text = Array.from({ length: Math.max(rows.length, this.drawn.length) }, (_, row) => {
      const line = rows[row] ?? '';
      return line === this.drawn[row] ? '' : `${place(row, 0)}${line}${ERASE_LINE_REST}`;
    }).join('');
    const cursor = cursorText(screen, size);
    if (text === '' && cursor === this.drawnCursor) return;
    stderr.write(`${HIDE_CURSOR}${text}${cursor}`);
    this.drawn = rows;
    this.drawnCursor = cursor;
  }

  /** Gives the terminal back, and leaves the last screen there as text. */
  close(): void {
    this.leave();
    const screen = textScreen(this.machine);
    const lines = screen ? screenLines(screen) : [GRAPHICS];
    this.io.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }

  private leave(): void {
    if (!this.opened) return;
    this.opened = false;
    process.off('exit', this.onExit);
    this.io.stderr.off('resize', this.onResize);
    for (const signal of SIGNALS) this.io.off?.(signal, this.onSignal);
    this.io.stderr.write(`${LEAVE}${SHOW_CURSOR}`);
  }
}

function cursorText(screen: TextScreen | null, { columns, rows }: { columns: number; rows: number }): string {
  const cursor = screen?.cursor;
  return cursor && cursor.row < rows && cursor.column < columns ? `${place(cursor.row, cursor.column)}${SHOW_CURSOR}` : '';
}
