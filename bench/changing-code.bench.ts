// Loops that store beside their code, or to it, in both engines and in the npm package v86. Each stands beside the same loop with its
// stores in another page. A round is one run from the guest's `start` line to its end, translation included. There are so many laps
// that v86 is stopped at the `start` line before it comes to the end.

import type { Benchmark, Comparison, Subject } from './harness/benchmark.ts';
import { loopImage, word } from './support/small-guest.ts';
import type { Item } from './support/small-guest.ts';
import { startBytesInV86 } from './support/v86.ts';
import type { PeerRun } from './support/v86.ts';
import { loadBytes } from './support/guest.ts';
import type { Vm } from '../src/vm/vm.ts';

type EngineName = 'interpreter' | 'auto';

interface Guest {
  readonly name: string;
  readonly image: Uint8Array<ArrayBuffer>;
}

function ours(engine: EngineName, { name, image }: Guest): Subject {
  let vm: Vm;
  return {
    name: `${engine}, ${name}`,
    prepare() {
      vm = loadBytes(name, image, { engine });
    },
    run() {
      let retired = 0;
      for (;;) {
        const result = vm.runSlice(10_000_000);
        retired += result.retired;
        if (result.exit.kind !== 'limit') return retired;
      }
    },
  };
}

function peer({ name, image }: Guest): Subject {
  let run: PeerRun | null = null;
  return {
    name: `v86, ${name}`,
    async prepare() {
      await run?.close();
      run = await startBytesInV86(image, '');
    },
    run: () => run!.finish(),
  };
}

const FAR = 0x80000;

/** push eax; pop ebx; add ebx, ecx: on a stack in another page, or in the page of the code. */
const stack = (near: boolean, laps: number): Uint8Array<ArrayBuffer> =>
  loopImage(
    laps,
    [0xbc, ...(near ? [{ absolute: 'stack' }] : word(FAR))],
    [0x50, 0x5b, 0x01, 0xcb],
    [...new Array<Item>(64).fill(0), { at: 'stack' }],
  );

/** inc dword [word]; add ebx, [word]: a word in another page, or right behind the code. */
function counter(near: boolean, laps: number): Uint8Array<ArrayBuffer> {
  const at: Item[] = near ? [{ absolute: 'word' }] : word(FAR);
  return loopImage(laps, [], [0xff, 0x05, ...at, 0x03, 0x1d, ...at], [{ at: 'word' }, 0, 0, 0, 0]);
}

/** mov esi, …; eight times mov eax, [esi + 4n]; mov [esi + 4n - 4], eax: data that move down, up to the code or far. */
function moving(near: boolean, laps: number): Uint8Array<ArrayBuffer> {
  const from: Item[] = near ? [{ absolute: 'first' }] : word(FAR + 4);
  const moves = Array.from({ length: 8 }, (_, n) => [0x8b, 0x46, 4 * n, 0x89, 0x46, (4 * n - 4) & 0xff]).flat();
  return loopImage(laps, [0xbe, ...from], moves, [0, 0, 0, 0, { at: 'first' }, ...new Array<Item>(64).fill(0)]);
}

/** mov [immediate], ecx; add ebx, immediate; twenty times xor eax, ebx. Far: the same store elsewhere. */
function patching(near: boolean, laps: number): Uint8Array<ArrayBuffer> {
  const at: Item[] = near ? [{ absolute: 'immediate' }] : word(FAR);
  const rest = new Array<readonly number[]>(20).fill([0x31, 0xd8]).flat();
  return loopImage(laps, [], [0x89, 0x0d, ...at, 0x81, 0xc3, { at: 'immediate' }, 0, 0, 0, 0, ...rest]);
}

/** mov [immediate], ecx; mov edx, 100; again: add ebx, immediate; dec edx; jnz again: patched once for a hundred uses. */
function columns(near: boolean, laps: number): Uint8Array<ArrayBuffer> {
  const at: Item[] = near ? [{ absolute: 'immediate' }] : word(FAR);
  const inner: Item[] = [{ at: 'again' }, 0x81, 0xc3, { at: 'immediate' }, 0, 0, 0, 0, 0x4a, { near: [0x0f, 0x85], to: 'again' }];
  return loopImage(laps, [], [0x89, 0x0d, ...at, 0xba, ...word(100), ...inner]);
}

const LOOPS = [
  { title: 'a stack in the page of the code', make: stack, laps: 500_000 },
  { title: 'a word right behind the code', make: counter, laps: 500_000 },
  { title: 'data that move up to the code', make: moving, laps: 100_000 },
  { title: 'an immediate patched in each lap of 23 instructions', make: patching, laps: 30_000 },
  { title: 'an immediate patched once for a hundred uses', make: columns, laps: 5000 },
] as const;

export default {
  description: 'loops that store beside code and to it: guest instructions per second; the first is v86 with the stores far from code',
  comparisons: (): Comparison[] =>
    LOOPS.map(({ title, make, laps }) => {
      const far: Guest = { name: 'far', image: make(false, laps) };
      const near: Guest = { name: 'near', image: make(true, laps) };
      const subjects = [peer(far), peer(near)];
      for (const engine of ['auto', 'interpreter'] as const) subjects.push(ours(engine, far), ours(engine, near));
      return { title, unit: 'instructions', subjects };
    }),
} satisfies Benchmark;
