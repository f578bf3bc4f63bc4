// What is no part of the API: each statement after the imports is an error.

import { Vm } from 'tidemark';
import type { Vcpu } from 'tidemark';

declare const vm: Vm;
declare const vcpu: Vcpu;

export const reached = [
  vm.internals,
  vm.parts,
  vm.engine,
  vm.saveCore,
  vm.mt.lists,
  vm.mt.guestDirty,
  vm.mt.internals,
  vm.dirtyLog.onSlotAdded,
  vcpu.cpu,
  new Vm({ memory: 4096, wrap: () => {} }),
  import('tidemark/dist/tidemark.js'),
  import('tidemark/src/vm/vm.ts'),
];
