// Turns of the worker's event loop, so that a message to stop is heard. Timers would do, but browsers make each repeated one wait
// for 4 ms. A message port answers at once.

export class EventTurns {
  private readonly channel = new MessageChannel();
  private waiting: (() => void) | null = null;

  constructor() {
    this.channel.port1.onmessage = () => this.waiting?.();
  }

  /** Resolves after what is queued in the event loop has run. One at a time. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.channel.port2.postMessage(null);
    });
  }
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
