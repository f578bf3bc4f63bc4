import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { debianFile } from './debian-package.ts';
import { itNeeding } from './skip.ts';

const seabios = debianFile('seabios', 'usr/share/seabios/bios.bin');
const cache = mkdtempSync(join(tmpdir(), 'tidemark-debian-'));
afterAll(() => rmSync(cache, { recursive: true }));

describe('a file of a Debian package', () => {
  itNeeding(seabios.path !== null, seabios.reason)('is downloaded with its package', () => {
    expect(readFileSync(seabios.path!).includes('SeaBIOS')).toBe(true);
  });

  it('comes from the cache when the package is there', () => {
    mkdirSync(join(cache, 'cached'));
    writeFileSync(join(cache, 'cached', 'file'), '');
    expect(debianFile('cached', 'file', { cache })).toEqual({ path: join(cache, 'cached', 'file'), reason: '' });
  });

  it('may be told by the beginning of its name', () => {
    mkdirSync(join(cache, 'versioned', 'boot'), { recursive: true });
    writeFileSync(join(cache, 'versioned', 'boot', 'kernel-1.2'), '');
    expect(debianFile('versioned', 'boot/kernel-*', { cache }).path).toBe(join(cache, 'versioned', 'boot', 'kernel-1.2'));
    expect(debianFile('versioned', 'boot/other-*', { cache }).reason).toBe("Debian's versioned has no boot/other-*");
    expect(debianFile('versioned', 'root/other-*', { cache }).reason).toBe("Debian's versioned has no root/other-*");
  });

  it('that the package has not is no file', () => {
    mkdirSync(join(cache, 'empty'));
    expect(debianFile('empty', 'x', { cache })).toEqual({ path: null, reason: "Debian's empty has no x" });
  });

  it.each(['=', '../x', 'Upper', ''])('of %j is none, for a reason, and nothing is left in the cache', (name) => {
    const before = readdirSync(cache);
    expect(debianFile(name, 'x', { cache })).toEqual({ path: null, reason: `'${name}' is no name of a Debian package` });
    expect(readdirSync(cache)).toEqual(before);
  });

  it('is none where there can be no cache', () => {
    writeFileSync(join(cache, 'plain'), '');
    const { path, reason } = debianFile('some', 'x', { cache: join(cache, 'plain') });
    expect(path).toBeNull();
    expect(reason).toMatch(/^no cache for Debian's packages: ./);
  });
});
