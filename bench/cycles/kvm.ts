// Raw KVM as a peer: kvm-cycles.c, built into the cache when it is wanted.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../support/guest.ts';

export const KVM_METHODS = ['log', 'clear', 'ring'] as const;
const SECONDS = 0.3;
const NO_SUCH_METHOD = 2;

/** Path of the built program, or why there is none. */
export function buildKvmCycles(): { readonly path: string } | { readonly reason: string } {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return { reason: '/dev/kvm cannot be opened' };
  }
  const folder = join(checkoutRoot(), '.cache/bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'kvm-cycles');
  const source = join(checkoutRoot(), 'bench/cycles/kvm-cycles.c');
  const { error, status, stderr } = spawnSync('gcc', ['-O2', '-o', path, source], { encoding: 'utf8' });
  return status === 0 ? { path } : { reason: `gcc does not build kvm-cycles.c: ${error?.message ?? stderr.trim()}` };
}

/** Cycles a second of processor time; null for a method that this KVM lacks. Throws if the program fails. */
export function kvmRate(path: string, method: (typeof KVM_METHODS)[number], dirty: number, mib: number): number | null {
  const { status, stdout, stderr } = spawnSync(path, [method, `${dirty}`, `${mib}`, `${SECONDS}`], { encoding: 'utf8' });
  if (status === NO_SUCH_METHOD) return null;
  if (status !== 0) throw new Error(`kvm-cycles ${method} failed: ${stderr.trim()}`);
  return Number(stdout);
}
