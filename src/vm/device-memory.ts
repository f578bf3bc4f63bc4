// Guest memory as the platform's devices reach it, under the machine's lock.

import type { MachineLock } from '../base/machine-lock.ts';
import { PAGE_SIZE, gfnOf } from '../base/paging-units.ts';
import type { DeviceMemory, MemoryRange } from '../base/platform.ts';
import type { PhysicalMemory } from '../mmu/physical-memory.ts';

const NOBODY = 0xff;

export function deviceMemory({ physical, lock }: { readonly physical: PhysicalMemory; readonly lock: MachineLock }): DeviceMemory {
  const isReadOnly = (gpa: number): boolean =>
    physical.memslots.some(
      ({ guestPhysAddr, memorySize, readonly }) => readonly && gpa >= guestPhysAddr && gpa < guestPhysAddr + memorySize,
    );

  /** The parts of [gpa, gpa + length) in memory, page by page: address, bytes before it, length. */
  const forEachPage = (gpa: number, length: number, visit: (at: number, done: number, inPage: number) => void): void => {
    for (let done = 0; done < length; ) {
      const at = gpa + done;
      const inPage = Math.min(PAGE_SIZE - (at % PAGE_SIZE), length - done);
      if (physical.hostOffset(at) >= 0) visit(at, done, inPage);
      done += inPage;
    }
  };

  return {
    ranges: (): MemoryRange[] =>
      physical.memslots.map(({ guestPhysAddr, memorySize, readonly }) => ({ base: guestPhysAddr, size: memorySize, readonly })),
    read(gpa, length) {
      const bytes = new Uint8Array(length).fill(NOBODY);
      lock.with(() => forEachPage(gpa, length, (at, done, inPage) => bytes.set(physical.readHost(at, inPage), done)));
      return bytes;
    },
    readByte(gpa) {
      const at = physical.hostOffset(gpa);
      return at < 0 ? NOBODY : physical.memory.u8[at]!;
    },
    write(gpa, bytes) {
      lock.with(() =>
        forEachPage(gpa, bytes.length, (at, done, inPage) => {
          if (!isReadOnly(gfnOf(at) * PAGE_SIZE)) physical.writeHost(at, bytes.subarray(done, done + inPage));
        }),
      );
    },
  };
}
