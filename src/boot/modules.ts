import { PAGE_SIZE } from '../base/paging-units.ts';
import { cString } from './bytes.ts';
import type { Placement } from './placement.ts';
import type { BootModule } from './target.ts';

/** A module in guest memory. */
export interface PlacedModule {
  readonly base: number;
  readonly size: number;
  readonly string: number;
}

/** Its string as a kernel is told it: "name args", in UTF-8 with a NUL. */
export const moduleString = ({ name, args }: BootModule): Uint8Array =>
  cString(args ? `${name} ${args}` : name, `the string of module ${name}`);

/** Puts a module on a page boundary after the image. */
export function placeModule(placement: Placement, { name, bytes }: BootModule): { base: number; size: number } {
  const base = placement.reserveAfterImage(`module ${name}`, bytes.length, PAGE_SIZE);
  placement.fill(base, bytes, bytes.length);
  return { base, size: bytes.length };
}

/** Puts the modules after the image, and their strings into free RAM. */
export function placeModules(placement: Placement, modules: readonly BootModule[]): PlacedModule[] {
  return modules.map((module) => {
    const placed = placeModule(placement, module);
    return { ...placed, string: placement.put(`string of module ${module.name}`, moduleString(module), 1) };
  });
}
