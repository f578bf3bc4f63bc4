// The page: sends requests to a worker, shows what it tells.

import { Controls } from './controls.ts';
import { CycleTable } from './cycle-table.ts';
import { byId } from './dom.ts';
import { MapView } from './map-view.ts';
import type { FromWorker, Progress, RunRequest, ToWorker, WebEnd } from './protocol.ts';
import { mips, number, percent, summary, verdict } from './words.ts';

const FIGURES = ['cycle', 'instructions', 'mips', 'translated', 'dirty', 'distinct'] as const;

class Page {
  private readonly controls = new Controls(
    (request) => this.run(request),
    () => this.send({ kind: 'stop' }),
  );
  private readonly map = new MapView(byId('map', HTMLCanvasElement), byId('readout', HTMLElement));
  private readonly table = new CycleTable(byId('cycles', HTMLElement), byId('exits-title', HTMLElement));
  private readonly serial = byId('serial', HTMLPreElement);
  private readonly verdict = byId('verdict', HTMLElement);
  private worker: Worker | null = null;
  private cycles = 0;

  private send(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  private run(request: RunRequest): void {
    this.cycles = 0;
    this.serial.textContent = '';
    this.table.clear(request.tracking === 'pml' ? 'PML full' : 'EPT violations');
    for (const id of FIGURES) this.figure(id, '–');
    this.say('busy', 'Running …');
    this.controls.running = true;
    this.worker = new Worker('worker.js', { type: 'module' });
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.hear(data));
    this.worker.addEventListener('error', ({ message }) => this.hear({ kind: 'failed', message: message || 'the worker does not start' }));
    this.send({ kind: 'run', request });
  }

  private hear(message: FromWorker): void {
    switch (message.kind) {
      case 'start':
        return this.map.clear(message.pages);
      case 'serial':
        return this.print(message.text);
      case 'progress':
        this.map.states.write(message.dirty);
        return this.show(message.progress);
      case 'cycle':
        this.cycles = message.cycle.cpid;
        this.map.states.report(message.cycle.cpid, message.cycle.gfns);
        this.table.add(message.cycle);
        return this.show(message.progress);
      case 'verifying':
        return this.say('busy', 'Rebuilding every cycle …');
      case 'end':
        return this.end(message.end);
      case 'failed':
        this.say('bad', message.message);
        return this.finish();
    }
  }

  private print(text: string): void {
    const { serial } = this;
    const atEnd = serial.scrollHeight - serial.scrollTop - serial.clientHeight < 8;
    serial.append(text);
    // Whoever has scrolled back is reading.
    if (atEnd) serial.scrollTop = serial.scrollHeight;
  }

  private show(progress: Progress): void {
    const { states } = this.map;
    this.figure('cycle', number(this.cycles));
    this.figure('instructions', number(progress.retired));
    this.figure('mips', mips(progress.mips));
    this.figure('translated', percent(progress.translated));
    this.figure('dirty', number(states.dirtyPages));
    this.figure('distinct', `${number(states.distinct)} of ${number(states.pages)}`);
    this.map.refresh();
  }

  private end(end: WebEnd): void {
    const { holds, text } = verdict(end);
    this.say(holds ? 'good' : 'bad', `${text}. ${summary(end)}`);
    this.map.describe(this.cycles);
    this.finish();
  }

  /** The run is over: its machine's memory is given back. */
  private finish(): void {
    this.worker?.terminate();
    this.worker = null;
    this.controls.running = false;
  }

  private say(state: 'busy' | 'good' | 'bad', text: string): void {
    this.verdict.dataset['state'] = state;
    this.verdict.textContent = text;
  }

  private figure(id: (typeof FIGURES)[number], text: string): void {
    byId(id, HTMLElement).textContent = text;
  }
}

new Page();
