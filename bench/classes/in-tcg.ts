// A run in QEMU's translator, TCG. Its processor time is read from outside when a line comes.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BARE_MEMORY, LINUX_MEMORY, MIB, kernelImage, linuxCommandLine } from './images.ts';
import type { Bits, Linux } from './images.ts';
import { Watch } from './marks.ts';
import type { Outcome } from './marks.ts';
import { timeOf } from './other-time.ts';

const QEMU = 'qemu-system-x86_64';

/** QEMU's version, or null where it is not installed. */
export function tcgVersion(): string | null {
  const { status, stdout } = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/version (\S+)/.exec(stdout)?.[1] ?? null) : null;
}

/** Starts QEMU and watches its serial port until the last line, or until it ends by itself. */
function watched(memory: number, options: readonly string[]): Promise<Outcome> {
  const machine = ['-accel', 'tcg', '-m', `${memory / MIB}`, '-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'];
  const qemu = spawn(QEMU, [...machine, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const watch = new Watch(() => timeOf(qemu.pid!));
  let errors = '';
  qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
    watch.add(text);
    if (watch.done) qemu.kill();
  });
  qemu.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    qemu.on('error', reject);
    qemu.on('close', () => {
      if (watch.done) resolve(watch.outcome);
      else reject(new Error(`${QEMU} ended early: ${errors.trim() || watch.other.trim()}`));
    });
  });
}

export const runBareInTcg = (bits: Bits, append: string): Promise<Outcome> =>
  watched(BARE_MEMORY, ['-kernel', kernelImage(bits), '-append', append]);

export async function runLinuxInTcg({ kernel, initrd }: Linux, append: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
  try {
    const path = join(folder, 'initrd');
    writeFileSync(path, initrd);
    return await watched(LINUX_MEMORY, ['-kernel', kernel, '-initrd', path, '-append', linuxCommandLine(append)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
