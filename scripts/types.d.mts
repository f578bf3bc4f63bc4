/** Makes dist/tidemark.d.ts and the model if the sources have changed, and returns the model's path. Throws SetupError. */
export function ensureTypes(): Promise<string>;
