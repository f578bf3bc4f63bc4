import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Made by tools, or git's own. */
const NOT_OURS = ['node_modules', 'dist', '.git', '.cache', 'coverage'];

/** Paths of all files of the project, relative to its root, with forward slashes. */
export function projectFiles(directory = ''): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (NOT_OURS.includes(entry.name)) return []; // .git is a file in a linked worktree
    if (entry.isDirectory()) return projectFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

export const readProjectFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
