// The map of guest pages on a canvas: a row of cells for each 128 pages.

import { PAGE_SIZE } from '../base/paging-units.ts';
import { PageState, PageStates } from './page-states.ts';
import { hex, number } from './words.ts';

const COLUMNS = 128;
/** Height of a cell by its width. */
const TALL = 1.5;
/** The rows of an empty map. */
const DEFAULT_PAGES = 4096;
/** Names of the style sheet's colours, by state. */
const COLOURS = {
  [PageState.CLEAN]: '--clean',
  [PageState.EARLIER]: '--earlier',
  [PageState.REPORTED]: '--reported',
  [PageState.DIRTY]: '--dirty',
} as const;

export class MapView {
  states = new PageStates(DEFAULT_PAGES);
  private readonly context: CanvasRenderingContext2D;
  private asked = false;

  /** `readout` shows what is known of the page under the pointer. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly readout: HTMLElement,
  ) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('the browser gives no canvas to draw on');
    this.context = context;
    const hint = readout.textContent ?? '';
    canvas.addEventListener('pointermove', (event) => this.point(event));
    canvas.addEventListener('pointerleave', () => {
      readout.textContent = hint;
    });
    new ResizeObserver(() => this.refresh()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.refresh());
  }

  /** Shows a machine of so many pages, all clean. */
  clear(pages: number): void {
    this.states = new PageStates(pages);
    this.refresh();
  }

  /** Draws at the next frame what the states are then. */
  refresh(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  /** Says in words what the map shows. */
  describe(cycle: number): void {
    const { states } = this;
    this.canvas.setAttribute(
      'aria-label',
      `Map of ${number(states.pages)} guest pages: ${number(states.distinct)} were reported in ${number(cycle)} cycles, ` +
        `${number(states.pages - states.distinct)} are clean`,
    );
  }

  private get rows(): number {
    return Math.ceil(this.states.pages / COLUMNS);
  }

  private draw(): void {
    const { canvas, context, rows, states } = this;
    const style = getComputedStyle(canvas);
    const colours = Object.values(COLOURS).map((name) => style.getPropertyValue(name));
    // Whole device pixels, so that every cell is as wide as the next.
    const width = Math.max(2, Math.floor((canvas.clientWidth * devicePixelRatio) / COLUMNS));
    const height = Math.round(width * TALL);
    const gap = width > 3 ? 1 : 0;
    canvas.width = width * COLUMNS;
    canvas.height = height * rows;
    for (let gfn = 0; gfn < states.pages; gfn++) {
      context.fillStyle = colours[states.state(gfn)]!;
      context.fillRect((gfn % COLUMNS) * width, Math.floor(gfn / COLUMNS) * height, width - gap, height - gap);
    }
  }

  private point({ offsetX, offsetY }: PointerEvent): void {
    const { canvas, rows, states } = this;
    const column = Math.min(COLUMNS - 1, Math.floor((offsetX / canvas.clientWidth) * COLUMNS));
    const row = Math.min(rows - 1, Math.floor((offsetY / canvas.clientHeight) * rows));
    const gfn = row * COLUMNS + column;
    if (column < 0 || row < 0 || gfn >= states.pages) return;
    const last = states.lastReport(gfn);
    const report = last === 0 ? 'never reported' : `last reported by cycle ${last}`;
    const dirty = states.state(gfn) === PageState.DIRTY ? '; dirty in this cycle' : '';
    this.readout.textContent = `Page ${hex(gfn)}, address ${hex(gfn * PAGE_SIZE)}: ${report}${dirty}`;
  }
}
