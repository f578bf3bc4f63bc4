// The form: which guest to run, and how.

import { byId } from './dom.ts';
import { WEB_GUESTS, webGuest } from './guests.ts';
import type { RunRequest } from './protocol.ts';
import { WEB_ENGINES, WEB_TRACKING } from './protocol.ts';

export class Controls {
  private readonly guest = byId('guest', HTMLSelectElement);
  private readonly append = byId('append', HTMLInputElement);
  private readonly engine = byId('engine', HTMLSelectElement);
  private readonly tracking = byId('tracking', HTMLSelectElement);
  private readonly trigger = byId('trigger', HTMLInputElement);
  private readonly slow = byId('slow', HTMLInputElement);
  private readonly runButton = byId('run', HTMLButtonElement);
  private readonly stopButton = byId('stop', HTMLButtonElement);

  constructor(run: (request: RunRequest) => void, stop: () => void) {
    this.guest.append(...WEB_GUESTS.map(({ id, about }) => new Option(`${id}: ${about}`, id)));
    this.guest.addEventListener('change', () => this.propose());
    byId('controls', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      run(this.request());
    });
    this.stopButton.addEventListener('click', stop);
    this.propose();
  }

  set running(running: boolean) {
    this.runButton.disabled = running;
    this.stopButton.disabled = !running;
  }

  private propose(): void {
    const { append, dirtyTrigger } = webGuest(this.guest.value);
    this.append.value = append;
    this.trigger.value = `${dirtyTrigger}`;
  }

  private request(): RunRequest {
    return {
      guest: this.guest.value,
      append: this.append.value,
      dirtyTrigger: this.trigger.valueAsNumber,
      slow: this.slow.checked,
      engine: WEB_ENGINES.find((engine) => engine === this.engine.value) ?? 'auto',
      tracking: WEB_TRACKING.find((tracking) => tracking === this.tracking.value) ?? 'pml',
    };
  }
}
