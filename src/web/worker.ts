// The worker's entry. Each run has a worker of its own, whose memory goes with it. The first message starts the run.

import { Session } from './session.ts';
import type { FromWorker, RunRequest, ToWorker } from './protocol.ts';

const stop = new AbortController();
const emit = (message: FromWorker): void => self.postMessage(message);

async function run(request: RunRequest): Promise<void> {
  try {
    const response = await fetch(new URL(`guests/${request.guest}.elf`, self.location.href));
    if (!response.ok) throw new Error(`the image of ${request.guest} cannot be loaded (status ${response.status})`);
    await new Session(request, new Uint8Array(await response.arrayBuffer()), emit, stop.signal).play();
  } catch (error) {
    emit({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'stop') stop.abort();
  else void run(data.request);
});
