// What the machine says of its guest: on stderr, once, or in the report.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { Notices } from '../../src/cli/guest/notices.ts';
import { collectingIo } from './streams.ts';

const NOTICE = 'the guest asked for graphics mode 13h, which is not drawn';
let directory: string;
let image: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidemark-notices-'));
  image = join(directory, 'graphics.img');
  const sector = new Uint8Array(512);
  // MOV AX,13H; INT 10H, twice; CLI; HLT.
  sector.set([0xb8, 0x13, 0x00, 0xcd, 0x10, 0xb8, 0x13, 0x00, 0xcd, 0x10, 0xfa, 0xf4]);
  sector.set([0x55, 0xaa], 510);
  writeFileSync(image, sector);
});
afterAll(() => rmSync(directory, { recursive: true }));

async function run(...options: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const { io, stdout, stderr } = collectingIo();
  const status = await main(['run', image, ...options], io);
  return { status, stdout: stdout(), stderr: stderr() };
}

describe('a graphics mode', () => {
  it('is said once on stderr', async () => {
    expect(await run()).toEqual({ status: 0, stdout: '', stderr: `tidemark: ${NOTICE}\n` });
  });

  it('is in the report of --json, and the line of the report is alone', async () => {
    const { stderr } = await run('--json');
    expect(JSON.parse(stderr)).toMatchObject({ status: 0, notices: [NOTICE] });
  });
});

describe('lines', () => {
  it('are kept back while the screen is drawn', () => {
    const { io, stderr } = collectingIo();
    const notices = new Notices(io, false);
    notices.hold();
    notices.add('a');
    expect(stderr()).toBe('');
    notices.release();
    notices.add('b');
    notices.release();
    expect(stderr()).toBe('tidemark: a\ntidemark: b\n');
  });
});
