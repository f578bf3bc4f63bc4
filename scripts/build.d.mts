/** Builds the page with everything that it loads into `outdir`, which then is all that a web server needs. Throws SetupError. */
export function buildWeb(outdir?: string): Promise<void>;
