import type { Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vitest/config';

/** Directories whose modules are copied per instance, relative to the root of the checkout. */
export const INSTANCED_DIRECTORIES: readonly string[];
export function esbuildInstances(directories?: readonly string[]): EsbuildPlugin;
export function viteInstances(directories?: readonly string[]): VitePlugin;
