// A WebAssembly module put together from function bodies (WebAssembly Core Specification, "Modules").

import { ByteWriter } from './byte-writer.ts';
import type { FunctionBody } from './function-body.ts';
import { ValType } from './opcodes.ts';
import type { ValueType } from './opcodes.ts';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** An imported function, from module `env`. */
export interface ImportedFunction {
  readonly name: string;
  readonly type: FunctionType;
}

export interface DefinedFunction {
  readonly type: FunctionType;
  readonly body: FunctionBody;
  readonly exportAs?: string;
}

export interface ModuleParts {
  /** The memory imported as env.memory, or null for none: its least and most pages of 64 KiB (`most`: as `pages`), whether it is shared. */
  readonly memory: { readonly pages: number; readonly most?: number; readonly shared: boolean } | null;
  /** Imported functions have the first indices. */
  readonly imports: readonly ImportedFunction[];
  readonly functions: readonly DefinedFunction[];
  /** Entries of the module's own function table, exported as `table`. */
  readonly tableSize?: number;
}

const Section = { TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, EXPORT: 7, CODE: 10 } as const;
const HEADER = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const FUNCREF = 0x70;

/** Index of the type of each function, imported ones first; equal types share one. */
function internTypes(types: readonly FunctionType[]): { unique: FunctionType[]; index: number[] } {
  const unique: FunctionType[] = [];
  const seen = new Map<string, number>();
  const index = types.map((type) => {
    const key = `${type.parameters.join()}>${type.results.join()}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    seen.set(key, unique.length);
    return unique.push(type) - 1;
  });
  return { unique, index };
}

/** The module's bytes. */
export function encodeModule({ memory, imports, functions, tableSize }: ModuleParts): Uint8Array<ArrayBuffer> {
  const { unique, index } = internTypes([...imports, ...functions].map(({ type }) => type));
  const out = new ByteWriter().raw(HEADER);
  const section = (id: number, count: number, fill: (content: ByteWriter) => void): void => {
    const content = new ByteWriter().u32(count);
    fill(content);
    out.u8(id).vector(content);
  };
  section(Section.TYPE, unique.length, (s) => {
    for (const { parameters, results } of unique) {
      s.u8(0x60);
      for (const list of [parameters, results]) {
        s.u32(list.length);
        for (const type of list) s.u8(ValType[type]);
      }
    }
  });
  section(Section.IMPORT, imports.length + (memory === null ? 0 : 1), (s) => {
    if (memory !== null) {
      const { pages, most = pages, shared } = memory;
      s.name('env')
        .name('memory')
        .u8(2)
        .u8(shared ? 3 : 1)
        .u32(pages)
        .u32(most);
    }
    imports.forEach(({ name }, n) => s.name('env').name(name).u8(0).u32(index[n]!));
  });
  section(Section.FUNCTION, functions.length, (s) => functions.forEach((_, n) => s.u32(index[imports.length + n]!)));
  if (tableSize !== undefined) section(Section.TABLE, 1, (s) => s.u8(FUNCREF).u8(0).u32(tableSize));
  const exported = functions.flatMap(({ exportAs }, n) => (exportAs === undefined ? [] : [{ exportAs, n }]));
  section(Section.EXPORT, exported.length + (tableSize === undefined ? 0 : 1), (s) => {
    for (const { exportAs, n } of exported)
      s.name(exportAs)
        .u8(0)
        .u32(imports.length + n);
    if (tableSize !== undefined) s.name('table').u8(1).u32(0);
  });
  section(Section.CODE, functions.length, (s) => {
    for (const { body } of functions) s.vector(body.finish());
  });
  return out.finish();
}
