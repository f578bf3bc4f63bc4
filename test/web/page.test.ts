// The page in a real browser, from the files that a build makes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from 'vitest';
import { buildWeb } from '../../scripts/build.mjs';
import { serve } from '../../scripts/web.mjs';
import type { RunRequest } from '../../src/web/protocol.ts';
import { GUESTS } from '../guests/catalog.ts';
import { NO_CHROMIUM, hasChromium, launchChromium } from '../support/chromium.ts';
import { describeNeeding } from '../support/skip.ts';

const ENGINES = ['interpreter', 'translator'] as const;

const expected = (path: string): string => readFileSync(new URL(path, GUESTS), 'latin1');

describeNeeding(hasChromium(), NO_CHROMIUM)('the page', () => {
  let directory = '';
  let server: Awaited<ReturnType<typeof serve>>;
  let browser: Browser;
  let page: Page;
  /** What went wrong by the browser's account, and what was asked of anyone but the page's own server. */
  let complaints: string[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tidemark-web-'));
    await buildWeb(directory);
    server = await serve(directory);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) complaints.push(request.url());
    });
    await page.goto(server.url);
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const text = async (id: string): Promise<string> => (await page.locator(`#${id}`).textContent()) ?? '';

  async function start({ guest, append, engine, tracking = 'pml', dirtyTrigger }: Partial<RunRequest>): Promise<void> {
    await page.getByLabel('Guest', { exact: true }).selectOption(guest!);
    if (append !== undefined) await page.getByLabel('Command line').fill(append);
    await page.getByLabel('Engine').selectOption(engine ?? 'auto');
    await page.getByLabel('Tracking').selectOption(tracking);
    if (dirtyTrigger !== undefined) await page.getByLabel('Dirty trigger').fill(`${dirtyTrigger}`);
    await page.getByRole('button', { name: 'Run' }).click();
  }

  /** Waits until the run is over: what the page then shows. */
  async function finish(): Promise<{ serial: string; verdict: string; holds: boolean; cycles: number; rows: string[] }> {
    await page.getByRole('button', { name: 'Run' }).and(page.locator(':enabled')).waitFor();
    const state = await page.getByRole('status').getAttribute('data-state');
    return {
      serial: await text('serial'),
      verdict: await text('verdict'),
      holds: state === 'good',
      cycles: Number(await text('cycle')),
      rows: await page.locator('#cycles tr').allTextContents(),
    };
  }

  it('is cross-origin isolated, so that shared memory is to be had', async () => {
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
  });

  it('runs kernel64, which prints the same under both engines', async () => {
    const outputs: string[] = [];
    for (const engine of ENGINES) {
      await start({ guest: 'kernel64', append: 'hz=10000', engine });
      const { serial, verdict, holds } = await finish();
      expect(serial).toContain('kernel64: 73 checks ok');
      expect(verdict).toMatch(/^Verified: .* The guest halted after /);
      expect(holds).toBe(true);
      outputs.push(serial);
    }
    expect(outputs).toEqual([expected('kernel64/expected-output.txt'), expected('kernel64/expected-output.txt')]);
  });

  it.each([
    { tracking: 'pml', exits: 'PML full' },
    { tracking: 'write-protect', exits: 'EPT violations' },
  ] as const)('verifies dirtier under both engines, by $tracking', async ({ tracking, exits }) => {
    const append = 'pages=211 pattern=random iterations=20 rate=64 seed=7';
    const outputs: string[] = [];
    const cycles: number[] = [];
    for (const engine of ENGINES) {
      await start({ guest: 'dirtier-64', append, engine, tracking, dirtyTrigger: 64 });
      const shown = await finish();
      expect(shown.verdict).toMatch(/^Verified: every page not reported is byte-identical \(4,096 pages, \d+ comparisons\), /);
      expect(shown.verdict).toMatch(/ and every cycle rebuilds \((\d+) of \1 hashes equal, the base's included\)\. The guest halted/);
      expect(shown.holds).toBe(true);
      expect(shown.cycles).toBeGreaterThan(10);
      expect(shown.rows).toHaveLength(shown.cycles);
      expect(await text('exits-title')).toBe(exits);
      expect(await page.getByRole('img').getAttribute('aria-label')).toContain(`were reported in ${shown.cycles} cycles`);
      expect(await text('translated')).toMatch(engine === 'translator' ? /^[1-9]\d* %$/ : /^–$/);
      outputs.push(shown.serial);
      cycles.push(shown.cycles);
    }
    const output = expected('dirtier/expected-output-random-211.txt');
    expect(outputs).toEqual([output, output]);
    expect(cycles[1]).toBe(cycles[0]);
  });

  it('runs several vCPUs, and shows a triple fault', async () => {
    await start({ guest: 'smp64', append: 'cpus=4' });
    expect((await finish()).serial).toBe(expected('smp64/expected-output-cpus-4.txt'));
    await start({ guest: 'triple-fault' });
    const { serial, verdict, holds } = await finish();
    expect([serial, holds]).toEqual([expected('triple-fault/expected-output.txt'), true]);
    expect(verdict).toContain('triple fault');
  });

  it('stops a guest that would never end, and verifies what there is', async () => {
    await start({ guest: 'dirtier-64', append: 'iterations=0 pages=64' });
    await page.locator('#cycles tr').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const { verdict, holds } = await finish();
    expect(verdict).toMatch(/^Verified: .* Stopped after /);
    expect(holds).toBe(true);
  });

  it('says what failed', async () => {
    await page.route('**/guests/*', (route) => route.fulfill({ body: 'no image' }));
    await start({ guest: 'sieve-64' });
    const { verdict, holds } = await finish();
    expect(verdict).toContain('sieve-64.elf: ');
    expect(holds).toBe(false);
  });
});
