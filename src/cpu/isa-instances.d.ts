// `import … from '../isa/index.ts?instance=NAME'` gives NAME's own copy of the instruction semantics, with type feedback of
// its own (scripts/instances.mjs). One declaration for each name in use; types are the same in all, so import them without.

declare module '*/isa/index.ts?instance=interpreter32' {
  const isa: typeof import('./isa/index.ts');
  export = isa;
}

declare module '*/isa/index.ts?instance=interpreter64' {
  const isa: typeof import('./isa/index.ts');
  export = isa;
}

declare module '*/isa/index.ts?instance=recorder' {
  const isa: typeof import('./isa/index.ts');
  export = isa;
}

declare module '*/isa/index.ts?instance=analysis' {
  const isa: typeof import('./isa/index.ts');
  export = isa;
}

declare module '*/isa/index.ts?instance=translator' {
  const isa: typeof import('./isa/index.ts');
  export = isa;
}
