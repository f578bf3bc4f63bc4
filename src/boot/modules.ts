import { PAGE_SIZE } from '../base/paging-units.ts';
import { cString } from './bytes.ts';
import type { Placement } from './placement.ts';
import type { BootModule } from './target.ts';

/** A module in guest memory. */
export interface PlacedModule { readonly base: number; readonly size: number; readonly string: number }

/** Puts the modules on page boundaries after the image, and their strings ("name args") into free RAM. */
export function placeModules(placement: Placement, modules: readonly BootModule[]): PlacedModule[] {
  return modules.map(({ name, bytes, args }) => {
    const base = placement.reserveAfterImage(`module ${name}`, bytes.length, PAGE_SIZE);
    placement.fill(base, bytes, bytes.length);
    const text = args ? `${name} ${args}` : name;
    const string = placement.put(`string of module ${name}`, cString(text, `the string of module ${name}`), 1);
    return { base, size: bytes.length, string };
  });
}
