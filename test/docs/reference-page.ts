// docs/reference.md, from the declarations of the package and their docstrings, as API Extractor reads them. The sections are those of
// src/index.ts: a comment there that stands alone before exports is a title.

import { readFileSync } from 'node:fs';
import { ensureTypes } from '../../scripts/types.mjs';
import { readProjectFile } from '../style/project-files.ts';

/** What is used here of an item of the model. */
interface Item {
  readonly kind: string;
  /** Constructors have none. */
  readonly name?: string;
  readonly docComment: string;
  readonly excerptTokens: readonly { readonly text: string }[];
  readonly members?: readonly Item[];
}

const HEAD = [
  '# API reference',
  "Every name that `import … from 'tidemark'` gives, by subject. Written from the docstrings by `npm run docs`; [api.md](api.md) says " +
    'how the parts go together. Guest-physical addresses and sizes are numbers, in bytes; page numbers (gfn) are addresses divided by ' +
    "4096; registers are bigints. An error's code (EINVAL, EBUSY …) is the `code` of a `KvmError`.",
].join('\n\n');

/** Titles of the sections, each with the names that it exports, in order. */
export function sectionsOf(index: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let names: string[] = [];
  for (const [, title, list] of index.matchAll(/^\/\/ (.+)\n(?=export)|^export (?:type )?\{([^}]*)\}/gm)) {
    if (title !== undefined) sections.set(title, (names = []));
    else
      names.push(
        ...list!
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
      );
  }
  return sections;
}

/** A docstring without its frame, as paragraphs. */
function prose(comment: string): string {
  const lines = comment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  return lines
    .join('\n')
    .trim()
    .replaceAll(/([^\n])\n(?!\n|[-*] )/g, '$1 ');
}

const signature = ({ excerptTokens }: Item): string =>
  excerptTokens
    .map(({ text }) => text)
    .join('')
    .replace(/^(?:export )?(?:declare )?/, '')
    .trim()
    .replace(/;$/, '');

/** On one line, so that it fits a heading of a list. */
const inline = (item: Item): string =>
  signature(item)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('`', "'");

/** Where a member stands in the text of the declarations: the model has its members in the order of their names. */
function order(declaration: string, { name, kind }: Item): number {
  if (kind === 'Constructor') return declaration.search(/^ {4}constructor\(/m);
  const escaped = name!.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return declaration.search(new RegExp(`^ {4}(?:(?:readonly|get|set|static|abstract) )*${escaped}[?(:<]`, 'm'));
}

/** The text of the declaration of `name` in the package's declarations, up to the next. */
function declarationOf(declarations: string, name: string): string {
  const start = declarations.search(new RegExp(`^(?:export )?declare (?:abstract )?\\w+ ${name}\\b`, 'm'));
  if (start < 0) throw new Error(`the declarations have no ${name}`);
  const length = declarations.slice(start + 1).search(/^(?:export )?(?:declare )/m);
  return declarations.slice(start, length < 0 ? undefined : start + 1 + length);
}

function memberLines(item: Item): string {
  const text = prose(item.docComment);
  return `- \`${inline(item)}\`${text === '' ? '' : `\\\n  ${text.replaceAll('\n', '\n  ')}`}`;
}

/** A type that is made of a constant's values says little without them. */
function constantsOf(item: Item, declarations: string): string[] {
  if (item.kind !== 'TypeAlias') return [];
  const names = [...signature(item).matchAll(/\btypeof ([A-Z0-9_]+)\b/g)].map((match) => match[1]!);
  return names.flatMap((name) => new RegExp(`^declare (const ${name}: .*);$`, 'm').exec(declarations)?.[1] ?? []);
}

function itemText(item: Item, declarations: string): string {
  const text = prose(item.docComment);
  const declaration = declarationOf(declarations, item.name!);
  const members = [...(item.members ?? [])].sort((a, b) => order(declaration, a) - order(declaration, b));
  return [
    `### ${item.name}`,
    `\`\`\`typescript\n${[signature(item), ...constantsOf(item, declarations)].join('\n')}\n\`\`\``,
    text,
    members.map(memberLines).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export async function referencePage(): Promise<string> {
  const model = JSON.parse(readFileSync(await ensureTypes(), 'utf8'));
  const items = new Map<string, Item>(model.members[0].members.map((item: Item) => [item.name!, item]));
  const declarations = readProjectFile('dist/tidemark.d.ts');
  const sections = [...sectionsOf(readProjectFile('src/index.ts'))].map(([title, names]) =>
    [`## ${title}`, ...names.map((name) => itemText(items.get(name)!, declarations))].join('\n\n'),
  );
  return `${[HEAD, ...sections].join('\n\n')}\n`;
}
