// What is in a checkpoint: registers, memory, page tables, and how they came to be so.

import { InputError } from '../../base/errors.ts';
import type { Vm } from '../../vm/vm.ts';
import { openCheckpoints } from '../snapshot-file.ts';
import type { Checkpoints } from '../snapshot-file.ts';
import { readSymbols } from '../symbols-file.ts';
import type { Symbols } from '../../debug/symbols.ts';
import { loadDisassembler } from '../guest/disassembler.ts';
import type { Disassemble } from '../guest/disassembler.ts';
import { machineAt } from './cycle-machine.ts';
import type { Inspection } from './inspection.ts';
import { requireRam } from './ram.ts';
import { diffView, dirtyView, lastChangeView } from './views/changes.ts';
import { linearView, physicalView } from './views/memory.ts';
import type { Range } from './views/memory.ts';
import { pageTablesView } from './views/page-tables.ts';
import { registersView } from './views/registers.ts';
import type { View } from './views/view.ts';
import { walkView } from './views/walk.ts';
import { findStores } from './watch/watch.ts';
import type { WatchRequest } from './watch/watch.ts';
import { watchView } from './watch/watch-view.ts';

/** What is asked of a checkpoint. Null, or false, for what is not. */
export interface ContentsRequest {
  /** Null for the last one. */
  readonly cycle: number | null;
  readonly vcpu: number;
  readonly registers: boolean;
  readonly page: Range | null;
  readonly linear: Range | null;
  readonly pageTables: boolean;
  readonly walk: number | null;
  readonly dirty: boolean;
  readonly diff: readonly [number, number] | null;
  readonly bytes: boolean;
  readonly lastChange: Range | null;
  readonly watch: Range | null;
  readonly all: boolean;
  readonly recording: string | null;
  readonly disk: string | null;
  readonly symbols: string | null;
}

type Question = [name: string, isAsked: boolean, answer: () => View | Promise<View>];

/** Answers, in the order of the help. InputError for what there is not, or what cannot be told. */
export async function inspectContents(path: string, request: ContentsRequest): Promise<Inspection> {
  const store = openCheckpoints(path);
  const cycle = request.cycle ?? store.lastCycle;
  for (const asked of [cycle, ...(request.diff ?? [])]) {
    if (asked > store.lastCycle) throw new InputError(`'${path}': no cycle ${asked}, the last is ${store.lastCycle}`);
  }
  const { machine } = store.base();
  const { vcpu, page, linear, walk, diff, lastChange, watch } = request;
  if (vcpu >= machine.vcpus) throw new InputError(`--vcpu ${vcpu}: the machine has ${machine.vcpus}, counted from 0`);
  const symbols = readSymbols(request.symbols);
  let built: Vm | null = null;
  const vm = (): Vm => (built ??= machineAt(store, cycle));
  const questions: readonly Question[] = [
    ['registers', request.registers, () => registersView(vm())],
    ['memory', page !== null, () => physicalView(vm(), page!)],
    ['linear', linear !== null, () => linearView(vm(), vcpu, linear!)],
    ['pageTables', request.pageTables, () => pageTablesView(vm(), vcpu)],
    ['walk', walk !== null, () => walkView(vm(), vcpu, walk!)],
    ['dirty', request.dirty, () => dirtyView(store, cycle)],
    ['diff', diff !== null, () => diffView(store, diff!, request.bytes)],
    ['lastChange', lastChange !== null, () => lastChangeView(store, lastChange!, cycle)],
    ['watch', watch !== null, () => watched(store, symbols, { ...request, range: watch!, upTo: cycle })],
  ];
  if (page !== null) requireRam(machine, page.start, page.length);
  const text: string[] = [];
  const data: Record<string, unknown> = { path, type: 'checkpoint-contents', cycle };
  for (const [name, isAsked, answer] of questions) {
    if (!isAsked) continue;
    const view = await answer();
    text.push(...view.text);
    data[name] = view.data;
  }
  return { text, data };
}

async function watched(store: Checkpoints, symbols: Symbols | null, request: WatchRequest): Promise<View> {
  return watchView(request, findStores(store, request), { symbols, disassemble: await disassembler() });
}

/** Null where the package is missing: bytes are shown then without their meaning. */
async function disassembler(): Promise<Disassemble | null> {
  try {
    return await loadDisassembler();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
