// iced-x86 as a part of the bundles. Its one file is a CommonJS module of a megabyte, of which the command line uses a tenth. Rewritten
// as an ES module it can be shaken: each export by itself, what WebAssembly calls in a table of its own. Its WebAssembly lies
// compressed beside the chunks, with the licence.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** Where the WebAssembly and the licence lie, from the folder of the bundles. */
const FOLDER = 'iced-x86';
const WASM = 'iced_x86_bg.wasm';

/** What the module's own text becomes, in order. Chunks lie one folder below the bundles. */
const REWRITES = [
  [
    /^let imports = \{\};\nimports\['__wbindgen_placeholder__'\] = module\.exports;$/m,
    'const called = {}, imports = { __wbindgen_placeholder__: called };',
  ],
  [/^const \{ TextDecoder, TextEncoder \} = require\(`util`\);$/m, ''],
  [/^module\.exports\.(\w+) = \1;$/gm, 'export { $1 };'],
  [/^module\.exports\.__wasm = wasm;$/m, ''],
  [/^module\.exports\.(__wb\w+) = /gm, 'called.$1 = '],
  [/^module\.exports\.(\w+) = function\(/gm, 'export const $1 = function('],
  [/^module\.exports\.(\w+) = Object\.freeze\(/gm, 'export const $1 = /* @__PURE__ */ Object.freeze('],
  [
    /^const path = require\('path'\)\.join\(__dirname, '\w+\.wasm'\);$/m,
    `const path = new URL('../${FOLDER}/${WASM}.br', import.meta.url);`,
  ],
  [/^const bytes = require\('fs'\)\.readFileSync\(path\);$/m, 'const bytes = brotliDecompressSync(readFileSync(path));'],
];
const HEAD = "import { readFileSync } from 'node:fs';\nimport { brotliDecompressSync } from 'node:zlib';\n";

/** Throws an Error if the package does not look as this file expects. */
function asModule(source) {
  let text = source;
  for (const [pattern, replacement] of REWRITES) {
    if (text.search(pattern) < 0) throw new Error(`iced-x86 has changed: nothing in it matches ${pattern}`);
    text = text.replace(pattern, replacement);
  }
  const left = /^[^*\n]*(?:module\.exports|\brequire\(|__dirname).*$/m.exec(text);
  if (left) throw new Error(`iced-x86 has changed: not rewritten is ${left[0].slice(0, 80)}`);
  return HEAD + text;
}

/** For esbuild's `plugins`. */
export const esbuildIced = {
  name: 'iced',
  setup(build) {
    build.onLoad({ filter: /[\\/]iced-x86[\\/]iced_x86\.js$/ }, ({ path }) => ({
      contents: asModule(readFileSync(path, 'utf8')),
      loader: 'js',
    }));
  },
};

/** What is to lie beside the bundles: paths from their folder, and contents. `resolve` finds a package's main file. */
export function icedAssets(resolve) {
  const folder = dirname(resolve('iced-x86'));
  const wasm = readFileSync(join(folder, WASM));
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length };
  return [
    { path: `${FOLDER}/${WASM}.br`, contents: brotliCompressSync(wasm, { params }) },
    { path: `${FOLDER}/LICENSE.txt`, contents: readFileSync(join(folder, 'LICENSE.txt')) },
  ];
}
