import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { itNeeding } from '../support/skip.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SMALL = '--memory 8M --pages 64 --iterations 2 --dirty-trigger 24';
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

describe('the program', () => {
  itNeeding(hasScript, 'no script of util-linux')('draws the map on a terminal and gives it back', () => {
    const command = `stty columns 80 rows 24; node bin/tidemark demo ${SMALL}`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    expect(status).toBe(0);
    expect(stdout).toContain('\x1b[?25l');
    expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\x1b[?25l'));
    expect(stdout.replaceAll(/\x1b\[[\d;]*m/g, '')).toMatch(/^0x00600000 {2}#/m);
    expect(stdout.slice(stdout.lastIndexOf('\x1b[?25h'))).toMatch(/the guest ended \(hlt\) after \d+ cycles[^]*verified: /);
  });

  it('prints lines where there is none', () => {
    const { status, stdout, stderr } = spawnSync('node', ['bin/tidemark', 'demo', ...SMALL.split(' ')], { cwd: ROOT, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^dirtier: start\n/);
    expect(stderr).not.toContain('\x1b');
    expect(stderr).toMatch(/\nverified: \d+ comparisons [^]* every\s+cycle rebuilds: [^]*\n$/);
  });
});
