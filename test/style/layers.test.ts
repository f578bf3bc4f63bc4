import { describe, expect, it } from 'vitest';
import { importsOf, layerViolations } from './layers.ts';
import { projectFiles, readProjectFile } from './project-files.ts';

describe('the order of the layers', () => {
  const sources = projectFiles('src').filter((path) => path.endsWith('.ts'));

  it('is respected by every import', () => {
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.flatMap((path) => layerViolations(path, readProjectFile(path)))).toEqual([]);
  });

  it.each([
    ['src/base/bits.ts', './errors.ts'],
    ['src/mmu/walk/four-level.ts', '../entry.ts'],
    ['src/mmu/walk/four-level.ts', '../../base/errors.ts'],
    ['src/cpu/interpreter/engine.ts', '../isa/index.ts?instance=interpreter32'],
    ['src/vm/vm.ts', '../mt/mt.ts'],
    ['src/debug/gdb.ts', '../machine/board.ts'],
    ['src/cli/main.ts', 'node:fs'],
    ['src/cli/main.ts', '../../package.json'],
    ['src/cli/main.ts', '../index.ts'],
    ['src/index.ts', './checkpoint/checkpoint.ts'],
  ])('lets %s import %s', (path, specifier) => expect(layerViolations(path, `import { x } from '${specifier}';`)).toEqual([]));

  it.each([
    ['src/base/bits.ts', '../mt/mt.ts', /mt is a layer above base/],
    ['src/mt/mt.ts', '../mmu/ept.ts', /mt and mmu are of one layer/],
    ['src/cpu/state.ts', '../devices/pit.ts', /of one layer/],
    ['src/cpu/isa/add.ts', '../../vm/vm.ts', /vm is a layer above cpu/],
    ['src/vm/vm.ts', '../cli/main.ts', /cli is a layer above/],
    ['src/vm/vm.ts', 'node:fs', /does not depend on Node/],
    ['src/web/page.ts', 'node:fs', /does not depend on Node/],
    ['src/cli/main.ts', 'commander', /depends on no package/],
    ['src/vm/vm.ts', '../index.ts', /public API stands above/],
    ['src/index.ts', './cli/main.ts', /no part in a host/],
    ['src/index.ts', 'node:fs', /does not depend on Node/],
    ['src/vm/vm.ts', '../../test/helper.ts', /leads out of src/],
    ['src/vm/vm.ts', '../util/x.ts', /src\/util is in no layer/],
    ['src/util/x.ts', '../base/errors.ts', /src\/util is in no layer/],
  ])('forbids %s to import %s', (path, specifier, why) => {
    expect(layerViolations(path, `export type { X } from '${specifier}';`)).toEqual([expect.stringMatching(why)]);
  });

  it('sees every form of import, and none in comments', () => {
    expect(
      importsOf(
        [
          "import a from './a.ts';",
          'import {\n  b,\n} from "./b.ts";',
          "import './c.ts';",
          "export * from './d.ts';",
          "const e = await import('./e.ts');",
          "type F = import('./f.ts').F;",
          "// import g from './g.ts';",
          "/* from './h.ts' */",
        ].join('\n'),
      ),
    ).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
  });
});
