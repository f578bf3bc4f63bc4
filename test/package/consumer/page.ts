// A page that runs a guest, bundled; the bundle also runs as the page's worker.

import { runGuest } from './run-guest.ts';

declare const location: { readonly href: string };
declare const document: { title: string } | undefined;
declare function fetch(url: URL): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
declare function postMessage(data: unknown): void;
declare class URL {
  constructor(path: string, base: string);
}
declare class Worker {
  constructor(url: string, options: { readonly type: 'module' });
  onmessage: (event: { readonly data: unknown }) => void;
}

const response = await fetch(new URL('image.elf', location.href));
const result = runGuest('image.elf', new Uint8Array(await response.arrayBuffer()), 'scale=1');

if (typeof document === 'undefined') {
  postMessage(result);
} else {
  const worker = new Worker('page.js', { type: 'module' });
  worker.onmessage = ({ data }) => {
    document!.title = JSON.stringify({ here: result, worker: data });
  };
}
