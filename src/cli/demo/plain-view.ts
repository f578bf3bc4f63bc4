// The demo without a terminal: the guest's console on stdout as it is, a line for each cycle on stderr, no escape codes.

import type { CliIo } from '../io.ts';
import { COLUMNS, cycleLine, cycleTitles, endLines, startLines, tableNote } from './cycle-text.ts';
import { folded } from '../folded.ts';
import type { DemoEvent, DemoView } from './events.ts';
import type { TrackedWork } from './options.ts';

export class PlainView implements DemoView {
  private work: TrackedWork | null = null;

  constructor(private readonly io: Pick<CliIo, 'stdout' | 'stderr'>) {}

  show(event: DemoEvent): void {
    switch (event.kind) {
      case 'start':
        this.work = event.start.work;
        return this.lines([...startLines(event.start), ...tableNote(this.work), cycleTitles(this.work)]);
      case 'serial':
        this.io.stdout.write(event.bytes);
        return;
      case 'cycle':
        return this.lines([cycleLine(event.cycle, this.work!)]);
      case 'end':
        return this.lines(endLines(event.end));
    }
  }

  close(): void {}

  private lines(lines: readonly string[]): void {
    this.io.stderr.write(`${lines.flatMap((line) => folded(line, COLUMNS)).join('\n')}\n`);
  }
}
