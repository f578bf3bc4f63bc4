// A consumer that uses each part of the API with its types.

import { Checkpointer, InputError, KvmError, MemoryStore, MtEnable, MtOp, Replay, Vm, createPc, hashMemory, resumeCycle } from 'tidemark';
import type {
  Board,
  CycleReport,
  Device,
  DeviceRow,
  Exit,
  FetchResult,
  IrqLine,
  Journal,
  MemoryTracking,
  SliceResult,
  VmState,
} from 'tidemark';

class Counter implements Device {
  readonly name = 'counter';
  private count = 0;
  constructor(private readonly irq: IrqLine) {}
  reset(): void {
    this.count = 0;
    this.irq.set(0);
  }
  read(): number {
    return this.count;
  }
  write(_offset: number, width: 1 | 2 | 4 | 8): void {
    this.count += width;
  }
  save(): { readonly count: number } {
    return { count: this.count };
  }
  restore(): void {}
}

const row: DeviceRow = { at: 0x300, length: 1, irq: 5, make: ({ irq }) => new Counter(irq) };

export const bare = (memory: number): Vm => new Vm({ memory, vcpus: 2, engine: 'interpreter' });

export function words(exit: Exit): string {
  switch (exit.kind) {
    case 'io':
    case 'mmio':
      return `${exit.access.direction} at ${exit.access.address}`;
    case 'debug-exit':
      return `status ${exit.value}`;
    case 'shutdown':
      return `${exit.chain.length} faults`;
    default:
      return exit.kind;
  }
}

export function track(vm: Vm): FetchResult {
  const mt: MemoryTracking = vm.mt;
  mt.initMt({ op: MtOp.INIT, maxDirty: vm.pageCount });
  mt.enableMt(MtEnable.ON);
  mt.prepareMtCp(1n);
  const slice: SliceResult = vm.runSlice(1000, { milliseconds: 5 });
  mt.mtVmQuiesced();
  return mt.fetchSublist({ count: slice.retired, rearm: true });
}

export function checkpoint(vm: Vm): readonly CycleReport[] {
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: 4096, instructions: 1000 });
  checkpointer.start();
  const reports = [checkpointer.cycle(), checkpointer.cycle()];
  resumeCycle(vm, store, 1);
  return reports;
}

export async function record(): Promise<string> {
  const { vm, board }: { vm: Vm; board: Board } = createPc({ memory: 1 << 20, tracking: 'pml', devices: [row] });
  const journal: Journal = vm.record();
  board.serialInput([65]);
  await vm.run({ limit: 100 });
  journal.stop();
  const state: VmState = vm.save();
  vm.restore(state);
  new Replay(vm, journal.data()).runSlice(10);
  vm.trace.on = (name) => void name;
  const [vcpu] = vm.vcpus;
  return `${hashMemory(vm)} ${vcpu?.getRegs().rip} ${vm.clock.nanoseconds()}`;
}

export const reason = (error: unknown): string =>
  error instanceof KvmError ? error.errno.toFixed() : error instanceof InputError ? error.message : '';
