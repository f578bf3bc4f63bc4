/**
 * Serves the files of `directory`, for reading, at 127.0.0.1. `port` 0 takes any that is free. Rejects with the system's error
 * if the port cannot be had.
 */
export function serve(directory: string, port?: number): Promise<{ readonly url: string; close(): Promise<void> }>;
