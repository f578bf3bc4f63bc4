// A lock between processes, for steps that two invocations must not do at once. It is a file that holds its owner's process id.

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const POLL_MS = 100;
/** An owner that died may have left its process id to an unrelated process: nobody waits for that one forever. */
const PATIENCE_MS = 15 * 60_000;

const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes the lock by a hard link, which fails if the name exists: the file never appears without its content. */
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes the lock of an owner that died. Renamed first: of two waiters that see it dead, only one gets the file. */
function clear(path, owner) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // Another waiter may have cleared it and taken the lock in between. Then the file moved aside is that waiter's, and it goes back.
  if (read(aside) !== owner) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

/** Runs `body` while holding the lock at `path`, waiting as long as a living process holds it. */
export function withLock(path, body) {
  mkdirSync(dirname(path), { recursive: true });
  const giveUp = Date.now() + PATIENCE_MS;
  while (!take(path)) {
    const owner = read(path);
    if (Date.now() > giveUp) throw new Error(`process ${owner} has held ${path} for too long; if it is not at work here, delete that file`);
    if (owner !== null && !alive(Number(owner))) clear(path, owner);
    else sleep(POLL_MS);
  }
  try {
    return body();
  } finally {
    rmSync(path, { force: true });
  }
}
