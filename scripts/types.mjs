// The declarations of the API, in one file, dist/tidemark.d.ts, and the model of them that the reference is written from. The compiler
// gives a declaration file for each source without the members marked @internal; API Extractor makes one of them, and names each type
// that a public one mentions and nobody can import.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publish } from './build.mjs';
import { ROOT, SetupError, ensurePackages, say, sourceSignature } from './setup.mjs';

const WORK = join(ROOT, '.cache/types');
/** Of this process alone: two may be at it at once. */
const OWN = join(WORK, `${process.pid}`);
const EMITTED = join(OWN, 'emitted');
const ROLLED = join(OWN, 'tidemark.d.ts');
const ROLLED_MODEL = join(OWN, 'tidemark.api.json');
const STAMP = join(WORK, '.stamp');
const MODEL = join(WORK, 'tidemark.api.json');
const DECLARATIONS = join(ROOT, 'dist/tidemark.d.ts');

const COMPILER = { target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM'], types: [], strict: true };

/** What API Extractor says that is none of its business here: docstrings are Markdown, and what is not @internal is public. */
const IGNORED = /^(?:tsdoc-|ae-missing-release-tag$|ae-unresolved-link$|console-)/;
/** Types may be made of the values of a constant that is not exported. */
const CONSTANT = /The symbol "[A-Z0-9_]+" needs to be exported/;

function emit() {
  const flags = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--stripInternal', '--outDir', EMITTED];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'src', ...flags], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`the declarations are not made: ${stdout.trim()}`);
}

/** Names that src/index.ts exports: all, and those that are types alone. */
function exportedNames() {
  const index = readFileSync(join(EMITTED, 'index.d.ts'), 'utf8');
  const all = new Set();
  const types = new Set();
  for (const [, type, names] of index.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const name of names.split(',').map((part) => part.trim())) (type ? types : all).add(name);
  }
  return { all: new Set([...all, ...types]), types };
}

/** A class may implement what only the machine calls; its users see its methods alone. */
function hideInterfaces(names) {
  const files = readdirSync(EMITTED, { recursive: true }).filter((path) => path.endsWith('.d.ts'));
  for (const path of files.map((file) => join(EMITTED, file))) {
    const text = readFileSync(path, 'utf8');
    const kept = text.replaceAll(/^(export declare class [^{]*?) implements ([^{]*?) \{/gm, (_match, head, list) => {
      const visible = list.split(', ').filter((name) => names.has(name.replace(/<.*/, '')));
      return `${head}${visible.length > 0 ? ` implements ${visible.join(', ')}` : ''} {`;
    });
    if (kept !== text) writeFileSync(path, kept);
  }
}

async function rollUp() {
  const { Extractor, ExtractorConfig } = (await import('@microsoft/api-extractor')).default;
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(EMITTED, 'index.d.ts'),
      compiler: {
        overrideTsconfig: {
          compilerOptions: { ...COMPILER, allowImportingTsExtensions: true, noEmit: true },
          files: [join(EMITTED, 'index.d.ts')],
        },
      },
      apiReport: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath: ROLLED_MODEL },
      dtsRollup: { enabled: true, untrimmedFilePath: ROLLED },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
  const wrong = [];
  const messageCallback = (message) => {
    message.handled = true;
    if (IGNORED.test(message.messageId) || CONSTANT.test(message.text)) return;
    const { sourceFilePath = EMITTED, sourceFileLine = 0 } = message;
    wrong.push(`${sourceFilePath.slice(EMITTED.length + 1)}:${sourceFileLine}: ${message.text}`);
  };
  Extractor.invoke(config, { localBuild: true, messageCallback });
  if (wrong.length > 0) throw new SetupError(`the API's declarations are not whole:\n  ${wrong.join('\n  ')}`);
}

/** What the declarations need of their host's. Merges with what the DOM's or Node's types have; neither needs to be loaded. */
const HOST = '\ndeclare global {\n  interface AbortSignal {}\n}\n';

/** A class of which only the type is exported has no constructor that anybody could call. */
function hideConstructors(types) {
  const text = readFileSync(ROLLED, 'utf8');
  const hidden = [];
  const rewritten = text.replaceAll(/^export declare ((?:abstract )?class (\w+))/gm, (whole, declaration, name) => {
    if (!types.has(name)) return whole;
    hidden.push(name);
    return `declare ${declaration}`;
  });
  return rewritten.replace(/\nexport \{ \}\s*$/, `${HOST}\nexport type { ${hidden.join(', ')} };\n`);
}

/** Makes dist/tidemark.d.ts and the model if the sources have changed, and returns the model's path. Throws SetupError. */
export async function ensureTypes() {
  const fresh = () => existsSync(DECLARATIONS) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourceSignature();
  if (fresh()) return MODEL;
  ensurePackages();
  const signature = sourceSignature();
  mkdirSync(OWN, { recursive: true });
  try {
    emit();
    const { all, types } = exportedNames();
    hideInterfaces(all);
    await rollUp();
    publish(MODEL, readFileSync(ROLLED_MODEL));
    publish(DECLARATIONS, hideConstructors(types));
    publish(STAMP, signature);
  } finally {
    rmSync(OWN, { recursive: true, force: true });
  }
  return MODEL;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await ensureTypes();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
