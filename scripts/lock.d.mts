/** Runs `body` while holding the lock at `path`, waiting as long as a living process holds it. */
export function withLock<T>(path: string, body: () => T): T;
