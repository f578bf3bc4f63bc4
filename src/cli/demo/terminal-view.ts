// The demo on a terminal: lines scroll above a map of the guest's pages that is drawn anew after each cycle.
//
// The frame (the table's titles, the map, the legend, a line of state) is always the last thing on the screen, with the cursor
// at the start of the line below it. To draw: up to its first line, the new lines over it, then the frame again.

import type { CliIo } from '../io.ts';
import { cycleLine, cycleTitles, endLines, startLines, tableNote } from './cycle-text.ts';
import type { DemoCycle, DemoEvent, DemoStart, DemoView } from './events.ts';
import { CELL_CHARACTERS, Cell, PageHistory, RECENT_CYCLES, mapRows, planMap } from './page-map.ts';
import type { MapRow } from './page-map.ts';
import { showSize } from '../values.ts';

interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
}
type TerminalIo = Pick<CliIo, 'stdout' | 'env'> & { readonly stderr: CliIo['stderr'] & Terminal };

const ESC = '\x1b[';
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const ERASE_LINE_REST = `${ESC}K`;
const ERASE_BELOW = `${ESC}J`;
const ERASE_ALL = `${ESC}2J${ESC}H`;
const up = (lines: number): string => (lines > 0 ? `${ESC}${lines}A` : '');

/** Of cells: like a hot plate that cools down. */
const STYLES = {
  [Cell.CLEAN]: '90',
  [Cell.EARLIER]: '97;44',
  [Cell.RECENT]: '30;43',
  [Cell.DIRTY]: '1;97;41',
  bar: '7',
  faint: '2',
  bold: '1',
} as const;
type Style = keyof typeof STYLES;

/** A cycle is shown at least so long, so that it can be seen. */
const PACE_MS = 110;
/** Rows of the frame beside the map, and those above it that are kept for lines. */
const FRAME_ROWS = 3;
const LOG_ROWS = 5;
const LABEL = 12;

export class TerminalView implements DemoView {
  private readonly log: string[] = [];
  private start: DemoStart | null = null;
  private history = new PageHistory(0);
  private last: DemoCycle | null = null;
  private reported = 0;
  private drawnRows = 0;
  private partial = '';
  private shownAt = 0;
  private open = false;
  private readonly colour: boolean;
  private readonly onResize = (): void => this.redraw();
  /** Also when the process is ended by an error, the cursor must come back. */
  private readonly onExit = (): void => this.close();

  constructor(private readonly io: TerminalIo) {
    // no-color.org: any value but the empty one.
    this.colour = !io.env['NO_COLOR'];
  }

  async show(event: DemoEvent): Promise<void> {
    switch (event.kind) {
      case 'start':
        return this.begin(event.start);
      case 'serial':
        return this.serial(event.bytes);
      case 'cycle':
        return this.cycle(event.cycle);
      case 'end':
        if (this.partial !== '') this.serial(Uint8Array.of(10));
        this.draw([]);
        this.close();
        this.io.stderr.write(
          endLines(event.end)
            .map((line) => `${wrap(line, this.columns)}\n`)
            .join(''),
        );
    }
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.io.stderr.off('resize', this.onResize);
    process.off('exit', this.onExit);
    this.io.stderr.write(SHOW_CURSOR);
  }

  private begin(start: DemoStart): void {
    this.start = start;
    this.history = new PageHistory(start.pagesUsed);
    this.open = true;
    process.once('exit', this.onExit);
    this.io.stderr.on('resize', this.onResize);
    this.io.stderr.write(HIDE_CURSOR);
    this.draw([...startLines(start), ...tableNote(start.work)]);
  }

  /** Shows the guest's console in lines among those of the cycles. A stdout that is no terminal gets the bytes as they are. */
  private serial(bytes: Uint8Array): void {
    if (this.io.stdout.isTTY !== true) {
      this.io.stdout.write(bytes);
      return;
    }
    const lines = (this.partial + Buffer.from(bytes).toString('latin1')).split('\n');
    this.partial = lines.pop()!;
    // What could move the cursor or change the terminal's state is shown as a question mark.
    const harmless = lines.map((line) => `guest: ${line.replace(/\r$/, '').replaceAll(/[^\x20-\x7e]/g, '?')}`);
    if (this.open) this.draw(harmless.map((line) => this.styled('bold', line)));
    else this.io.stderr.write(harmless.map((line) => `${line}\n`).join(''));
  }

  private async cycle(cycle: DemoCycle): Promise<void> {
    this.last = cycle;
    this.reported += cycle.gfns.length;
    this.history.report(cycle.cpid, cycle.gfns);
    const wait = this.shownAt + PACE_MS - performance.now();
    if (wait > 0)
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    this.shownAt = performance.now();
    this.draw([cycleLine(cycle, this.start!.work)]);
  }

  /** Writes `lines` above the frame and draws the frame below them, in one write so that it does not flicker. */
  private draw(lines: readonly string[]): void {
    if (!this.open) return;
    this.log.push(...lines);
    const frame = this.frame();
    const text = [...lines, ...frame].map((line) => `${line}${ERASE_LINE_REST}\n`).join('');
    this.io.stderr.write(`${up(this.drawnRows)}\r${text}${ERASE_BELOW}`);
    this.drawnRows = frame.length;
    this.log.splice(0, this.log.length - this.rows);
  }

  /** After a change of the terminal's size: it has wrapped lines as it liked, so nothing on the screen can be relied upon. */
  private redraw(): void {
    const lines = this.log.splice(0).slice(-Math.max(0, this.rows - this.frame().length - 1));
    this.io.stderr.write(ERASE_ALL);
    this.drawnRows = 0;
    this.draw(lines);
  }

  private get rows(): number {
    return this.io.stderr.rows || 24;
  }

  /** One column less than there are: a terminal may wrap as soon as the last one is written. */
  private get columns(): number {
    return (this.io.stderr.columns || 80) - 1;
  }

  private frame(): string[] {
    const plan = planMap(this.history.pages, Math.max(1, this.columns - LABEL), Math.max(1, this.rows - FRAME_ROWS - LOG_ROWS - 1));
    const rows = mapRows(plan, (gfn) => this.history.state(gfn));
    return [
      this.styled('bar', this.fit(cycleTitles(this.start!.work).padEnd(this.columns))),
      ...rows.map((row) => this.mapLine(row)),
      this.legend(),
      this.styled('faint', this.fit(this.state(plan.pagesPerCell))),
    ].slice(0, Math.max(1, this.rows - 1));
  }

  private mapLine({ gfn, cells }: MapRow): string {
    let text = '';
    for (let at = 0, end = 0; at < cells.length; at = end) {
      while (end < cells.length && cells[end] === cells[at]) end++;
      text += this.styled(cells[at]!, CELL_CHARACTERS[cells[at]!]!.repeat(end - at));
    }
    return `${`0x${(gfn * 4096).toString(16).padStart(8, '0')}`.padEnd(LABEL)}${text}`;
  }

  private legend(): string {
    const entries: readonly (readonly [Cell, string])[] = [
      [Cell.DIRTY, 'dirty in this cycle'],
      [Cell.RECENT, `copied in the last ${RECENT_CYCLES}`],
      [Cell.EARLIER, 'copied earlier'],
      [Cell.CLEAN, 'unchanged'],
    ];
    let width = 0;
    return entries
      .flatMap(([cell, text]) => {
        width += text.length + 4;
        return width > this.columns ? [] : [`${this.styled(cell, CELL_CHARACTERS[cell]!)} ${text}  `];
      })
      .join('');
  }

  private state(pagesPerCell: number): string {
    const { work, pages } = this.start!;
    const rest = (pages - this.history.pages) * 4096;
    return [
      `cycle ${this.last?.cpid ?? 0}`,
      `${this.history.distinct} pages, ${this.reported} reports`,
      `cell: ${pagesPerCell === 1 ? 'a page' : `${pagesPerCell} pages`}`,
      ...(rest > 0 ? [`${showSize(rest)} above: unused`] : []),
      work.tracking,
    ].join(' | ');
  }

  private fit(line: string): string {
    return line.slice(0, this.columns);
  }

  private styled(style: Style, text: string): string {
    return this.colour ? `${ESC}${STYLES[style]}m${text}${ESC}0m` : text;
  }
}

/** Breaks a line at blanks so that its parts have at most `width` columns, if words allow. */
const wrap = (line: string, width: number): string => line.replaceAll(new RegExp(`(.{1,${width}})(?: +|$)`, 'g'), '$1\n').trimEnd();
