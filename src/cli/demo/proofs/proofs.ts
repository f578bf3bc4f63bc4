// Small scenes. Each goes where a known mistake would show, and gives what is wrong, or null.

import { INTERNALS } from '../../../base/internals.ts';
import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { KvmError } from '../../../base/errors.ts';
import { DATA, EXTRA, EXTRA_PAGES, StoreMachine } from './store-machine.ts';
import type { ProofConfig } from './store-machine.ts';

export interface Proof {
  /** What happens in it, for people. */
  readonly scene: string;
  /** The only method under which it can show anything. */
  readonly method?: 'pml';
  readonly run: (config: ProofConfig) => string | null;
}

const LINEAR_ALIAS = 0x2000_0000 + 0x20_0000;

export const fetcher: Proof = {
  scene: 'pages are fetched with REARM and copied while the guest goes on',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.store(DATA, { count: 10, value: 1 });
    machine.fetch({ rearm: true });
    machine.store(DATA, { count: 10, value: 2 });
    return machine.end();
  },
};

export const lateFetcher: Proof = {
  scene: 'a fetch waits for entries after the VM was quiesced',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.mt.mtVmQuiesced();
    try {
      machine.mt.fetchSublist({ count: 100_000, wait: true });
      return null;
    } catch (error) {
      if (error instanceof KvmError && error.code === 'EDEADLK') return 'a fetch that came after the VM was quiesced would sleep for ever';
      throw error;
    }
  },
};

export const deletedSlot: Proof = {
  scene: 'a memslot is deleted while entries of it wait',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.store(EXTRA.guestPhysAddr, { count: 8 });
    machine.vm.setUserMemoryRegion({ ...EXTRA, memorySize: 0 });
    const gone = machine.fetch().find((gfn) => EXTRA_PAGES.includes(gfn));
    return gone === undefined ? null : `page 0x${gone.toString(16)} was reported after its memslot was deleted`;
  },
};

export const replacedSlot: Proof = {
  scene: 'a memslot is replaced while its pages are to be re-armed',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.store(EXTRA.guestPhysAddr, { count: 8 });
    const before = machine.fetch();
    machine.vm.setUserMemoryRegion({ ...EXTRA, memorySize: 0 });
    machine.vm.setUserMemoryRegion(EXTRA);
    const fetched = distinct([...before, ...machine.fetch()]);
    machine.mt.rearmDirtyPages();
    const { rearmed } = machine.mt.stats().cycle;
    return rearmed === fetched ? null : `${rearmed} pages were re-armed, though ${fetched} were fetched`;
  },
};

export const twoProcessors: Proof = {
  scene: 'the second of two vCPUs stores to a page that is re-armed in between',
  run: (config) => {
    const machine = new StoreMachine(config, 2).track();
    machine.store(DATA, { vcpu: 1, value: 1 });
    machine.fetch({ rearm: true });
    machine.store(DATA, { vcpu: 1, value: 2 });
    return machine.end();
  },
};

export const slotOfTwoProcessors: Proof = {
  scene: 'a memslot is deleted that both of two vCPUs have stored to',
  run: (config) => {
    const machine = new StoreMachine(config, 2);
    for (const vcpu of [0, 1]) machine.store(EXTRA.guestPhysAddr, { vcpu });
    machine.vm.setUserMemoryRegion({ ...EXTRA, memorySize: 0 });
    const stored = [0, 1].filter((vcpu) => machine.store(EXTRA.guestPhysAddr, { vcpu }) !== 'mmio');
    return stored.length === 0 ? null : `vCPU ${stored[0]} still stores to a memslot that was deleted`;
  },
};

export const highSlot: Proof = {
  scene: 'pages above 4 GiB are re-armed and written again',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.store(EXTRA.guestPhysAddr, { count: 10, value: 1 });
    machine.fetch({ rearm: true });
    machine.store(EXTRA.guestPhysAddr, { count: 10, value: 2 });
    return machine.end();
  },
};

export const alias: Proof = {
  scene: 'a page is stored to at two linear addresses',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.mapLarge(LINEAR_ALIAS, DATA);
    machine.store(DATA, { value: 1 });
    machine.store(LINEAR_ALIAS, { value: 2 });
    machine.fetch({ rearm: true });
    machine.store(DATA, { value: 3 });
    return machine.end();
  },
};

export const crossing: Proof = {
  scene: 'stores cross from one page into the next',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.store(DATA + PAGE_SIZE - 2, { count: 4, stride: 2 * PAGE_SIZE, value: 0x11223344 });
    return machine.end();
  },
};

export const hostWrites: Proof = {
  scene: 'the host writes to guest memory',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.vm.writeMemory(DATA, Uint8Array.of(1, 2, 3));
    return machine.end();
  },
};

export const debuggerStore: Proof = {
  scene: "a debugger stores in the guest's name while the guest is stopped",
  method: 'pml',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    const { cpus, memory } = machine.vm[INTERNALS];
    memory.u8[cpus[0]!.mmu.translate(DATA, 1, 0)] = 0x5a;
    return machine.end();
  },
};

export const exactTrigger: Proof = {
  scene: 'the dirty trigger is reached in the middle of what the guest stores',
  method: 'pml',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.mt.mtDirtyTrigger(20);
    const kind = machine.store(DATA, { count: 100 });
    const { dirty } = machine.mt.stats();
    return kind === 'mt-dirty-trigger' && dirty === 20 ? null : `the guest left with ${kind} and ${dirty} entries, at a trigger of 20`;
  },
};

export const changedCode: Proof = {
  scene: 'the guest overwrites code that it has executed',
  run: (config) => {
    const machine = new StoreMachine(config);
    const execute = (): bigint => {
      const [vcpu] = machine.vm.vcpus;
      const before = vcpu!.retired;
      vcpu!.setRegs({ rip: BigInt(DATA) });
      machine.run();
      return vcpu!.retired - before;
    };
    // NOPs and HLT, then HLT alone.
    machine.store(DATA, { value: 0x90909090 });
    machine.store(DATA + 4, { value: 0xf4 });
    execute();
    machine.store(DATA, { value: 0xf4 });
    const retired = execute();
    return retired === 1n ? null : `the guest executed ${retired} instructions of code that it had overwritten by one`;
  },
};

export const twoSources: Proof = {
  scene: 'host and guest write one page, and it is fetched by way of one of them',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.fetch({ rearm: true });
    const written = (): void => {
      machine.vm.writeMemory(DATA, Uint8Array.of(7));
      machine.store(DATA);
    };
    written();
    const { waiting } = machine.mt.fetchSublist({ count: 1, rearm: true });
    written();
    const after = machine.mt.fetchSublist({ count: 1, rearm: true }).waiting;
    return after === waiting ? null : `${after} entries wait for a page of which ${waiting} may`;
  },
};

export const unarmedTwice: Proof = {
  scene: 'a page is fetched unarmed twice in a cycle, for two sources',
  run: (config) => {
    const machine = new StoreMachine(config).track();
    machine.fetch({ rearm: true });
    machine.vm.writeMemory(DATA, Uint8Array.of(7));
    machine.store(DATA, { value: 1 });
    machine.mt.fetchSublist({ count: 1 });
    machine.fetch({ rearm: true });
    machine.store(DATA, { value: 2 });
    machine.end();
    machine.mt.prepareMtCp(2n);
    machine.store(DATA, { value: 3 });
    return machine.end();
  },
};

function distinct(gfns: readonly number[]): number {
  return new Set(gfns).size;
}
