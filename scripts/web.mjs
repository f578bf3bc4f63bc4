// `npm run web [-- PORT]`: builds the page if it is stale and serves it on this machine alone.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError, ROOT, ensureBuilt, say } from './setup.mjs';

const DEFAULT_PORT = 8086;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.map': 'application/json',
};
/** The first two make the page cross-origin isolated, without which a browser gives no shared memory. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** The path of the file that a request asks for, null if there is none in `directory`. */
function fileOf(directory, url) {
  try {
    const path = join(directory, decodeURIComponent(new URL(url, 'http://localhost').pathname).replace(/\/$/, '/index.html'));
    return path.startsWith(directory + sep) && statSync(path).isFile() ? path : null;
  } catch {
    return null;
  }
}

/** Bundles do not name their source maps, since the package goes without them. */
const sourceMapOf = (path) => (existsSync(`${path}.map`) ? { SourceMap: `${basename(path)}.map` } : {});

export async function serve(directory, port = 0) {
  const server = createServer(({ method, url }, response) => {
    const path = method === 'GET' || method === 'HEAD' ? fileOf(directory, url) : null;
    if (path === null) return void response.writeHead(404, HEADERS).end();
    response.writeHead(200, { ...HEADERS, ...sourceMapOf(path), 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
    if (method === 'HEAD') response.end();
    else
      createReadStream(path)
        .on('error', () => response.destroy())
        .pipe(response);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

async function main([argument = `${DEFAULT_PORT}`]) {
  const port = /^\d{1,5}$/.test(argument) ? Number(argument) : NaN;
  if (!(port <= 65535)) throw new SetupError(`'${argument}' is no port number`);
  await ensureBuilt();
  const { url } = await serve(join(ROOT, 'dist/web'), port).catch((error) => {
    throw new SetupError(`cannot serve on port ${port} (${error.code}); npm run web -- PORT takes another`);
  });
  say(`the page is at ${url}; Ctrl-C ends`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
