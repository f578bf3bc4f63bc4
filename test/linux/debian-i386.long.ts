// Debian's Linux for 32-bit PCs, unmodified, with Debian's busybox in an initial RAM file system: it boots by the 32-bit protocol,
// reaches user space, computes there and halts; tracked by both methods, every cycle held against the shadow of all memory.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { createPc } from '../../src/machine/pc.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { debianFile } from '../support/debian-package.ts';
import { itNeeding } from '../support/skip.ts';
import { characterDevice, directory, initramfs, program } from './initramfs.ts';

const MEMORY = 128 * 1024 ** 2;
const EVERY = 100e6;
const LIMIT = 15e9;

const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "kernel: $(/bin/busybox uname -sm)"
echo "cpus: $(/bin/busybox grep -c ^processor /proc/cpuinfo)"
echo "fpu: $(/bin/busybox awk '/^fpu\\t/ { print $3 }' /proc/cpuinfo)"
echo "sha256: $(/bin/busybox seq 1 20000 | /bin/busybox sha256sum)"
(echo child; exit 3)
echo "status: $?"
/bin/busybox poweroff -f
`;

const kernel = debianFile('linux-image-686:i386', 'boot/vmlinuz-*', { dependency: true });
const busybox = debianFile('busybox-static:i386', 'bin/busybox');

function boot(tracking: 'write-protect' | 'pml') {
  let serial = '';
  const { vm } = createPc({
    memory: MEMORY,
    tracking,
    verify: true,
    serial: (byte) => {
      serial += String.fromCharCode(byte);
    },
  });
  const bytes = initramfs([
    ...['bin', 'dev', 'proc'].map(directory),
    characterDevice('dev/console', 5, 1),
    program('bin/busybox', readFileSync(busybox.path!)),
    program('init', Buffer.from(INIT)),
  ]);
  loadImage('vmlinuz', readFileSync(kernel.path!), bootTarget(vm), { append: 'console=ttyS0 panic=-1', initrd: { name: 'initrd', bytes } });
  const store = new MemoryStore(64 * 1024 ** 2);
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: vm.pageCount, instructions: EVERY });
  checkpointer.start();
  let retired = 0;
  let dirty = 0;
  for (;;) {
    const { exit, retired: more, gfns } = checkpointer.cycle();
    retired += more;
    dirty += gfns.length;
    if (exit.kind !== 'limit' || retired > LIMIT) return { exit: exit.kind, serial, retired, dirty, memory: hashMemory(vm) };
  }
}

describe('Linux of Debian for i386', () => {
  itNeeding(kernel.path !== null && busybox.path !== null, kernel.reason || busybox.reason)('boots, computes and halts', () => {
    const run = boot('pml');
    expect(run.serial).toMatch(/Linux version 6\.\d+.*-686 /);
    expect(run.serial).toMatch(/smpboot: Total of 1 processors activated/);
    const sha256 = createHash('sha256')
      .update(Array.from({ length: 20000 }, (_, n) => `${n + 1}\n`).join(''))
      .digest('hex');
    for (const line of ['kernel: Linux i686', 'cpus: 1', 'fpu: yes', `sha256: ${sha256}  -`, 'child', 'status: 3']) {
      expect(run.serial).toContain(`\n${line}\r\n`);
    }
    expect(run.serial).toMatch(/reboot: (System halted|Power down)/);
    expect(run.exit).toBe('hlt');
    expect(run.dirty).toBeGreaterThan(10_000);
    const { dirty: _pages, ...other } = boot('write-protect');
    const { dirty: _samePages, ...first } = run;
    expect(other).toEqual(first);
  });
});
