// Bundles a program and runs it in a page that a server on this machine gives, beside the guests; what it logs goes to stdout. The page
// is done when the program has set document.title to 'done'.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const [, , path] = process.argv;
const { outputFiles } = await build({
  entryPoints: [path],
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  write: false,
});
const FILES = {
  '/': ['text/html', '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="page.js"></script>'],
  '/page.js': ['text/javascript', outputFiles[0].text],
};
const server = createServer(({ url }, response) => {
  const [type, body] = FILES[url] ?? ['application/octet-stream', readFileSync(join(process.cwd(), url))];
  response.writeHead(200, { 'Content-Type': type }).end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.log(message.text()));
  page.on('pageerror', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => document.title === 'done', null, { timeout: 300_000 });
} finally {
  await browser.close();
  server.close();
}
