// Where each part of the machine lives in the linear memory. Each layer asks for the regions it needs; the plan is plain
// data, so that a worker thread can be sent it together with the memory.

import { PAGE_SIZE, alignUp } from '../paging-units.ts';

/** What decides the sizes of all regions. */
export interface MachineShape {
  readonly vcpus: number;
  /** GFNs below this may be backed by RAM. */
  readonly gfnLimit: number;
  /** Bytes of guest RAM over all memslots, a multiple of the page size. */
  readonly ramBytes: number;
}

export interface RegionRequest {
  readonly name: string;
  readonly bytes: number;
}

export interface Region {
  readonly offset: number;
  readonly bytes: number;
}

export type MemoryPlan = { readonly [name: string]: Region } & { readonly total: Region };

/** Places the regions one after the other, each on a page boundary. Offset 0 stays unused, so that 0 can mean none. */
export function planRegions(requests: readonly RegionRequest[]): MemoryPlan {
  const plan: Record<string, Region> = {};
  let end = PAGE_SIZE;
  for (const { name, bytes } of requests) {
    if (plan[name]) throw new RangeError(`region ${name} asked for twice`);
    plan[name] = { offset: end, bytes };
    end = alignUp(end + bytes, PAGE_SIZE);
  }
  return { ...plan, total: { offset: 0, bytes: end } };
}
