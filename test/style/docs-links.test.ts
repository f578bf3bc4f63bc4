// Every relative link in the documents leads somewhere, down to the heading.

import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, readProjectFile, ROOT } from './project-files.ts';

const withoutCode = (markdown: string): string => markdown.replace(/^(```|~~~)[^]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');

/** Targets of inline links, images and link definitions. */
function linksIn(markdown: string): string[] {
  const text = withoutCode(markdown);
  const inline = [...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const definitions = [...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...definitions].map((match) => match[1]!);
}

/** Anchors as forges make them: lower case, punctuation dropped, spaces to dashes. */
function anchorsIn(markdown: string): string[] {
  const headings = markdown.replace(/^(```|~~~)[^]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm);
  return [...headings].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** What is wrong with `link` in the document at `path`, or null. */
function broken(path: string, link: string): string | null {
  if (/^[a-z]+:/i.test(link)) return null;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : posix.join(posix.dirname(path), decodeURIComponent(file));
  const absolute = join(ROOT, target);
  if (target.startsWith('..') || !existsSync(absolute)) return `${path}: ${link} does not exist`;
  if (anchor === undefined || statSync(absolute).isDirectory() || !target.endsWith('.md')) return null;
  return anchorsIn(readProjectFile(target)).includes(anchor) ? null : `${path}: ${link}: no such heading`;
}

describe('links in documents', () => {
  it('that are relative resolve', () => {
    const documents = projectFiles().filter((path) => path.endsWith('.md'));
    const wrong = documents.flatMap((path) => linksIn(readProjectFile(path)).map((link) => broken(path, link)));
    expect(wrong.filter((what) => what !== null)).toEqual([]);
  });

  it('are found in every form, but not in code', () => {
    expect(linksIn('[a](x.md) ![b](y.png "title") `[c](z)`\n```\n[d](w)\n```\n[e]: v.md#top\n')).toEqual(['x.md', 'y.png', 'v.md#top']);
  });

  it('get the anchors that forges make', () => {
    expect(anchorsIn('# The `EPT` walk, step 2\n```\n# no\n```\n## A--b_c ##\n')).toEqual(['the-ept-walk-step-2', 'a--b_c']);
  });

  it.each(['no-such-file.md', '../outside.md'])('to %s are broken', (link) => expect(broken('README.md', link)).not.toBeNull());
  it('to other sites are not looked at', () => expect(broken('README.md', 'https://example.org/x')).toBeNull());
});
