import { describe, expect, it } from 'vitest';
import { CPU_ORDER, orderViolations } from './cpu-order.ts';
import { circles } from './circles.ts';
import { projectFiles, readProjectFile } from './project-files.ts';

const sources = projectFiles('src').filter((path) => path.endsWith('.ts'));

describe('the inner order of src/cpu', () => {
  const files = sources.filter((path) => path.startsWith('src/cpu/'));

  it('is respected by every import, of types too', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => orderViolations(path, readProjectFile(path)))).toEqual([]);
  });

  it('names only what is there', () => {
    const gone = Object.values(CPU_ORDER)
      .flat()
      .filter((place) => !files.some((path) => path.startsWith(`src/cpu/${place}`)));
    expect(gone).toEqual([]);
  });

  it.each([
    ['src/cpu/isa/arith.ts', '../system/helper.ts', /later level "system helpers and events"/],
    ['src/cpu/state/run-state.ts', '../builder/insn.ts', /later level "builder and decoder"/],
    ['src/cpu/x87/moves.ts', '../cpu.ts', /later level "guest access"/],
    ['src/cpu/elsewhere.ts', './cpu.ts', /is in no level/],
  ])('forbids %s to import %s', (path, specifier, why) => {
    expect(orderViolations(path, `import type { X } from '${specifier}';`)).toEqual([expect.stringMatching(why)]);
  });
});

describe('circles of imports', () => {
  it('are nowhere in src/cpu, not even of types', () => {
    const found = circles(sources, readProjectFile).filter((circle) => circle.some((path) => path.startsWith('src/cpu/')));
    expect(found).toEqual([]);
  });

  it('are found, whoever is in them', () => {
    const files: Readonly<Record<string, string>> = {
      'src/a.ts': "import './b.ts';",
      'src/b.ts': "import type { C } from './c.ts';",
      'src/c.ts': "export * from './a.ts';",
      'src/d.ts': "import './a.ts';",
    };
    expect(circles(Object.keys(files), (path) => files[path]!)).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts']]);
  });
});
