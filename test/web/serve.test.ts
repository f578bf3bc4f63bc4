import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../scripts/web.mjs';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

describe('the static server', () => {
  let directory = '';
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tidemark-serve-'));
    mkdirSync(join(directory, 'site/guests'), { recursive: true });
    writeFileSync(join(directory, 'site/index.html'), 'page');
    writeFileSync(join(directory, 'site/main.js'), 'code');
    writeFileSync(join(directory, 'site/guests/a.elf'), 'image');
    writeFileSync(join(directory, 'secret'), 'not served');
    server = await serve(join(directory, 'site'));
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  /** As it is written: `fetch` would resolve the dots by itself. */
  const get = (path: string, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      request(server.url, { path, method }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      })
        .on('error', reject)
        .end();
    });

  it.each([
    ['/', 'page', 'text/html; charset=utf-8'],
    ['/main.js?x=1', 'code', 'text/javascript; charset=utf-8'],
    ['/guests/a.elf', 'image', 'application/octet-stream'],
  ])('gives %s', async (path, body, type) => {
    const answer = await get(path);
    expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([200, body, type]);
    expect(answer.headers).toMatchObject({ 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' });
  });

  it.each(['/none', '/guests', '/guests/', '/../secret', '/..%2fsecret', '/%2e%2e/secret', '/%', '/main.js%00', '//'])(
    'has no %s',
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body]).toEqual([404, '']);
    },
  );

  it('only reads', async () => {
    expect((await get('/main.js', 'POST')).status).toBe(404);
    expect(await get('/main.js', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });
});
