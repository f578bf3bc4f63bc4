// A headless browser for what runs in pages: Debian's Chromium, where it is installed.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PATH = '/usr/bin/chromium';
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const hasChromium = (): boolean => existsSync(PATH);
export const NO_CHROMIUM = 'no Chromium on this machine';

export const launchChromium = (): Promise<Browser> => chromium.launch({ executablePath: PATH, args: QUIET });
