// One line for each cycle, the latest at the top.

import type { WebCycle } from './protocol.ts';
import { ending, number } from './words.ts';

/** Lines that are kept. */
const MOST = 1000;

export class CycleTable {
  constructor(
    private readonly body: HTMLElement,
    private readonly exitsTitle: HTMLElement,
  ) {}

  clear(exitsTitle: string): void {
    this.body.replaceChildren();
    this.exitsTitle.textContent = exitsTitle;
  }

  add({ cpid, gfns, retired, exits, ended, runMs, pauseMs }: WebCycle): void {
    const row = document.createElement('tr');
    for (const text of [
      number(cpid),
      number(gfns.length),
      number(retired),
      number(exits),
      ending(ended),
      runMs.toFixed(1),
      pauseMs.toFixed(1),
    ])
      row.append(Object.assign(document.createElement('td'), { textContent: text }));
    this.body.prepend(row);
    if (this.body.childElementCount > MOST) this.body.lastElementChild?.remove();
  }
}
