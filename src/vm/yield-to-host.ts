// Gives the host's event loop a turn. Node has setImmediate; elsewhere a zero timeout does.

export function yieldToHost(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
