// Whatever is passed to the public API is taken, or refused by a KvmError or InputError that names the argument; never a TypeError
// from inside, and the machine works on.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as api from '../../src/index.ts';
import type { EntryState } from '../../src/boot/target.ts';

const MIB = 2 ** 20;
const IMAGE = Uint8Array.of(0xf4);

function detached(): Uint8Array {
  const bytes = new Uint8Array(16);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

const numbers = fc.constantFrom<unknown>(NaN, -1, 2 ** 53, 2 ** 60, 1.5, Infinity, -Infinity, 0, 7, -0);
const words = fc.constantFrom<unknown>('', '7', 'x'.repeat(1000), true, false, 5n, -1n, 2n ** 64n, Symbol('s'), undefined, null);
const objects = fc.oneof(
  fc.constantFrom<unknown>([], [1], {}, { tracing: true }, () => 1, new Map(), new Date(0), Object.create(null)),
  fc.constantFrom<unknown>(new Uint8Array(4), new Uint16Array(4), new Float64Array(2), new BigUint64Array(1), new ArrayBuffer(8)),
  fc.constant(null).map(detached),
);
const values = fc.oneof(numbers, words, objects, fc.anything());

interface Rig extends Pick<api.Pc, 'vm' | 'board'> {
  readonly pc: api.Pc;
  readonly other: api.Pc;
  readonly store: api.MemoryStore;
  readonly checkpointer: api.Checkpointer;
  readonly seed: api.FetcherSeed;
  readonly entry: EntryState;
}

/** A machine that is loaded, tracked, and has a base in its store. */
function rig(): Rig {
  const pc = api.createPc({ memory: 2 * MIB, tracking: 'pml', threads: true, spareMemory: MIB, gpaLimit: 4 * MIB });
  const { vm } = pc;
  let entry: EntryState | null = null;
  const target = api.bootTarget(vm);
  const setEntry = (state: EntryState): void => {
    entry = state;
    target.setEntry(state);
  };
  api.loadImage('halt', IMAGE, { ...target, setEntry }, { at: MIB });
  const store = new api.MemoryStore();
  const checkpointer = new api.Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: 100, instructions: 1000 });
  checkpointer.start();
  return { ...pc, pc, other: api.createPc({ memory: MIB }), store, checkpointer, seed: vm.fetcherSeed(), entry: entry! };
}

function worksOn({ vm, board, entry }: Rig): void {
  if (vm.mt.stats().enabled) vm.mt.prepareMtCp(100n);
  // What was accepted may have changed memory and the A20 gate.
  board.a20.set(true);
  vm.writeMemory(MIB, IMAGE);
  api.enter(vm, entry);
  const { exit, retired } = vm.runSlice(100);
  expect([exit.kind, retired]).toEqual(['hlt', 1]);
  vm.restore(vm.save());
  expect(api.textScreen({ vm, board })?.columns).toBe(80);
}

type Call = (rig: Rig, value: never) => unknown;
/** A machine of its own: that of the rig may be tracked, and its memory not what its configuration says. */
const snapshotOf = (): Uint8Array => api.createPc({ memory: MIB }).snapshot();
const until = (key: string): Call => (({ pc }: Rig, value: unknown) => pc.runUntil({ limit: 1, [key]: value })) as Call;
const config = (key: string): Call => ((_: Rig, value: unknown) => api.createPc({ memory: MIB, [key]: value })) as Call;
const bare = (key: string): Call => ((_: Rig, value: unknown) => new api.Vm({ memory: MIB, [key]: value })) as Call;
const policy = (key: string): Call =>
  (({ vm, store }: Rig, value: unknown) => new api.Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: 9, [key]: value })) as Call;
const init = (key: string): Call => (({ vm }: Rig, value: unknown) => vm.mt.initMt({ op: 1, maxDirty: 1, [key]: value })) as Call;
const fetch = (key: string): Call => (({ vm }: Rig, value: unknown) => vm.mt.fetchSublist({ count: 1, [key]: value })) as Call;
const region = (key: string): Call =>
  (({ vm }: Rig, value: unknown) => vm.setUserMemoryRegion({ slot: 9, guestPhysAddr: 3 * MIB, memorySize: 4096, [key]: value })) as Call;
const boot = (key: string): Call =>
  (({ vm }: Rig, value: unknown) => api.loadImage('x', IMAGE, api.bootTarget(vm), { at: MIB, [key]: value })) as Call;
const sregs = (key: string): Call => (({ vm }: Rig, value: unknown) => vm.vcpus[0]!.setSregs({ [key]: value })) as Call;
const segment = (key: string): Call =>
  (({ vm }: Rig, value: unknown) => {
    const { es } = vm.vcpus[0]!.getSregs();
    vm.vcpus[0]!.setSregs({ es: { ...es, [key]: value } });
  }) as Call;
const regs = (key: string): Call => (({ vm }: Rig, value: unknown) => vm.vcpus[0]!.setRegs({ [key]: value })) as Call;
const entry = (key: string): Call => (({ vm, entry: right }: Rig, value: unknown) => api.enter(vm, { ...right, [key]: value })) as Call;

/** By function, each argument by the name that an error must give, and a call with the value in its place. */
const CALLS: { readonly [name: string]: readonly (readonly [string, Call])[] } = {
  Vm: [
    ['config', (_, value) => new api.Vm(value)],
    ...['memory', 'vcpus', 'tracking', 'threads', 'engine', 'quantum', 'spareMemory', 'gpaLimit', 'rom', 'verify', 'wrap'].map(
      (key) => [key, bare(key)] as const,
    ),
    ['unclaimed', bare('unclaimed')],
  ],
  createPc: [
    ['config', (_, value) => api.createPc(value)],
    ...['memory', 'serial', 'debugcon', 'notice', 'epoch', 'disk', 'firmware', 'devices', 'outputs'].map(
      (key) => [key, config(key)] as const,
    ),
    ...['image', 'append', 'initrd', 'modules', 'asKernel'].map(
      (key) => [key, ((_: Rig, value: unknown) => api.createPc({ memory: MIB, image: IMAGE, at: 4096, [key]: value })) as Call] as const,
    ),
    ...['read', 'write'].map(
      (key) =>
        [
          key,
          ((_: Rig, value: unknown) =>
            api.createPc({ memory: MIB, devices: [{ at: 0x300, length: 1, read: () => 0, [key]: value }] })) as Call,
        ] as const,
    ),
    ['disk', (_, value) => api.createPc({ memory: MIB, disk: { name: 'd', bytes: value } })],
    ['disk', (_, value) => api.createPc({ memory: MIB, disk: { name: value, bytes: new Uint8Array(512) } })],
    ['kind', (_, value) => api.createPc({ memory: MIB, disk: { name: 'd', bytes: new Uint8Array(512), kind: value } })],
    ['optionRoms', (_, value) => api.createPc({ memory: MIB, firmware: { name: 'f', bytes: new Uint8Array(65536), optionRoms: value } })],
  ],
  restorePc: [
    ['snapshot', (_, value) => api.restorePc(value)],
    ['config', (_, value) => value !== undefined && api.restorePc(snapshotOf(), value)],
    ['memory', (_, value) => api.restorePc(snapshotOf(), { memory: value })],
  ],
  'Pc.restore': [['snapshot', ({ pc }, value) => pc.restore(value)]],
  'Pc.type': [['text', ({ pc }, value) => pc.type(value)]],
  'Pc.runUntil': [
    ['options', ({ pc }, value) => value !== undefined && pc.runUntil(value)],
    ...['serial', 'debugcon', 'screen', 'limit', 'timeout', 'signal'].map((key) => [key, until(key)] as const),
  ],
  connectSerial: [
    ['a', ({ pc }, value) => api.connectSerial(value, pc)],
    ['b', ({ pc }, value) => api.connectSerial(pc, value)],
    ['options', ({ pc, other }, value) => api.connectSerial(pc, other, value).close()],
    ['window', ({ pc, other }, value) => api.connectSerial(pc, other, { window: value }).close()],
  ],
  'SerialLink.run': [
    ['until', ({ pc, other }, value) => api.connectSerial(pc, other).run({ timeout: 0, until: value })],
    ['timeout', ({ pc, other }, value) => api.connectSerial(pc, other).run({ until: 1, timeout: value })],
  ],
  'Vm.setUserMemoryRegion': [
    ['request', ({ vm }, value) => vm.setUserMemoryRegion(value)],
    ...['slot', 'guestPhysAddr', 'memorySize', 'readonly'].map((key) => [key, region(key)] as const),
  ],
  'Vm.readMemory': [
    ['gpa', ({ vm }, value) => vm.readMemory(value, 1)],
    ['length', ({ vm }, value) => vm.readMemory(0, value)],
  ],
  'Vm.writeMemory': [
    ['gpa', ({ vm }, value) => vm.writeMemory(value, IMAGE)],
    ['bytes', ({ vm }, value) => vm.writeMemory(0x2000, value)],
  ],
  'Vm.page': [['gfn', ({ vm }, value) => vm.page(value)]],
  'Vm.runSlice': [
    ['limit', ({ vm }, value) => vm.runSlice(value)],
    ['options', ({ vm }, value) => vm.runSlice(1, value)],
    ['idleUntil', ({ vm }, value) => vm.runSlice(1, { idleUntil: value })],
  ],
  'Vm.run': [
    ['options', ({ vm }, value) => vm.run(value)],
    ['limit', ({ vm }, value) => vm.run({ limit: value })],
    ['signal', ({ vm }, value) => vm.run({ limit: 1, signal: value })],
  ],
  'Vm.exitWith': [['exit', ({ vm }, value) => vm.exitWith(value)]],
  'Vm.ioctlAsync': [['signal', ({ vm }, value) => vm.ioctlAsync(0, null, value)]],
  'Vm.restore': [['state', ({ vm }, value) => vm.restore(value)]],
  'Vcpu.setRegs': [
    ['regs', ({ vm }, value) => vm.vcpus[0]!.setRegs(value)],
    ...['rax', 'r15', 'rip', 'rflags'].map((key) => [key, regs(key)] as const),
  ],
  'Vcpu.setSregs': [
    ['sregs', ({ vm }, value) => vm.vcpus[0]!.setSregs(value)],
    ...['es', 'tr', 'gdt', 'cr2'].map((key) => [key, sregs(key)] as const),
    ...['selector', 'base', 'limit', 'attributes'].map((key) => [key, segment(key)] as const),
  ],
  'Vcpu.activity': [
    [
      'activity',
      ({ vm }, value) => {
        vm.vcpus[0]!.activity = value;
      },
    ],
  ],
  'Vcpu.interrupt': [['vector', ({ vm }, value) => vm.vcpus[0]!.interrupt(value)]],
  'mt.initMt': [
    ['request', ({ vm }, value) => vm.mt.initMt(value)],
    ...(['version', 'op', 'flags'] as const).map((key) => [key, init(key)] as const),
    ['max_dirty', init('maxDirty')],
  ],
  'mt.enableMt': [['flags', ({ vm }, value) => vm.mt.enableMt(value)]],
  'mt.prepareMtCp': [['cpid', ({ vm }, value) => vm.mt.prepareMtCp(value)]],
  'mt.mtDirtyTrigger': [['dirty_trigger', ({ vm }, value) => vm.mt.mtDirtyTrigger(value)]],
  'mt.fetchSublist': [
    ['request', ({ vm }, value) => vm.mt.fetchSublist(value)],
    ...['count', 'rearm', 'flags', 'list'].map((key) => [key, fetch(key)] as const),
    ['max_dirty', fetch('maxDirty')],
  ],
  'mt.interruptFetcher': [['id', ({ vm }, value) => vm.mt.interruptFetcher(value)]],
  attachFetcher: [
    ['seed', (_, value) => api.attachFetcher(value)],
    ['id', ({ seed }, value) => api.attachFetcher(seed, value)],
  ],
  DirtyRingReader: [['memory', (_, value) => new api.DirtyRingReader(value)]],
  'dirtyLog.ring': [['vcpu', ({ vm }, value) => vm.dirtyLog.ring(value)]],
  Replay: [
    ['vm', ({ vm }, value) => new api.Replay(value, { start: vm.moment, entries: [], end: vm.moment })],
    ['journal', ({ vm }, value) => new api.Replay(vm, value)],
  ],
  recogniseImage: [['bytes', (_, value) => api.recogniseImage(value)]],
  loadImage: [
    ['name', ({ vm }, value) => api.loadImage(value, IMAGE, api.bootTarget(vm), { at: MIB })],
    ['bytes', ({ vm }, value) => api.loadImage('x', value, api.bootTarget(vm), { at: MIB })],
    ['target', (_, value) => api.loadImage('x', IMAGE, value, { at: MIB })],
    ['options', ({ vm }, value) => value !== undefined && api.loadImage('x', IMAGE, api.bootTarget(vm), value)],
    ...['append', 'modules', 'initrd'].map((key) => [key, boot(key)] as const),
  ],
  bootTarget: [['vm', (_, value) => api.bootTarget(value)]],
  enter: [
    ['vm', ({ entry: right }, value) => api.enter(value, right)],
    ['state', ({ vm }, value) => api.enter(vm, value)],
    ['index', ({ vm, entry: right }, value) => api.enter(vm, right, value)],
    ...['rip', 'cr0', 'segments', 'gdtr', 'gpr'].map((key) => [key, entry(key)] as const),
  ],
  textScreen: [
    ['pc', (_, value) => api.textScreen(value)],
    ['vm', ({ board }, value) => api.textScreen({ board, vm: value })],
    ['board', ({ vm }, value) => api.textScreen({ vm, board: value })],
  ],
  screenLines: [['screen', (_, value) => api.screenLines(value)]],
  typeText: [['text', (_, value) => api.typeText(value)]],
  pressKeys: [['keys', (_, value) => api.pressKeys(value)]],
  'board.keyboardInput': [
    ['keys', ({ board }, value) => board.keyboardInput(value)],
    ['down', ({ board }, value) => board.keyboardInput([{ key: 'KeyA', down: value }])],
  ],
  'board.serialInput': [['bytes', ({ board }, value) => board.serialInput(value)]],
  'board.a20.set': [['open', ({ board }, value) => board.a20.set(value)]],
  Checkpointer: [
    ['vm', ({ store }, value) => new api.Checkpointer(value, store, { dirtyTrigger: 0, maxDirty: 1 })],
    ['store', ({ vm }, value) => new api.Checkpointer(vm, value, { dirtyTrigger: 0, maxDirty: 1 })],
    ['policy', ({ vm, store }, value) => new api.Checkpointer(vm, store, value)],
    ['now', ({ vm, store }, value) => new api.Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: 1 }, value)],
    ...['dirtyTrigger', 'maxDirty', 'instructions', 'milliseconds', 'batch', 'hash'].map((key) => [key, policy(key)] as const),
  ],
  'Checkpointer.rewindTo': [
    ['cpid', ({ checkpointer }, value) => checkpointer.rewindTo(value)],
    ['options', ({ checkpointer }, value) => value !== undefined && checkpointer.rewindTo(0, value)],
    ['fork', ({ checkpointer }, value) => value !== undefined && checkpointer.rewindTo(0, { fork: value })],
  ],
  'MemoryStore.truncate': [['cpid', ({ store }, value) => store.truncate(value)]],
  'MemoryStore.fork': [['cpid', ({ store }, value) => store.fork(value)]],
  'Checkpointer.cycle': [['options', ({ checkpointer }, value) => checkpointer.cycle(value)]],
  'Checkpointer.cycleAsync': [['between', ({ checkpointer }, value) => checkpointer.cycleAsync(value)]],
  MemoryStore: [['limit', (_, value) => new api.MemoryStore(value)]],
  'MemoryStore.putBase': [['base', (_, value) => new api.MemoryStore().putBase(value)]],
  'MemoryStore.putDelta': [['delta', ({ store }, value) => store.putDelta(value)]],
  'MemoryStore.delta': [['cpid', ({ store }, value) => store.delta(value)]],
  rebuildCycle: [
    ['store', (_, value) => api.rebuildCycle(value, 0)],
    ['cpid', ({ store }, value) => api.rebuildCycle(store, value)],
  ],
  resumeCycle: [
    ['vm', ({ store }, value) => api.resumeCycle(value, store, 0)],
    ['store', ({ vm }, value) => api.resumeCycle(vm, value, 0)],
    ['cpid', ({ vm, store }, value) => api.resumeCycle(vm, store, value)],
  ],
  verifyRebuilds: [['store', (_, value) => api.verifyRebuilds(value)]],
  whereItStopped: [
    ['vm', (_, value) => api.whereItStopped(value)],
    ['options', ({ vm }, value) => api.whereItStopped(vm, value)],
    ...['vcpu', 'exit', 'symbols', 'imageBits'].map((key): [string, Call] => [
      key,
      ({ vm }, value) => api.whereItStopped(vm, { [key]: value }),
    ]),
  ],
  Symbols: [
    ['name', (_, value) => api.Symbols.parse(value, IMAGE)],
    ['bytes', (_, value) => api.Symbols.parse('x', value)],
  ],
  hashMemory: [['vm', (_, value) => api.hashMemory(value)]],
};

/** Errors that say what the machine's state forbids, whatever the arguments are. */
const ABOUT_STATE = new Set(['EBUSY', 'EEXIST', 'ENXIO', 'ENOMEM']);

/** The error that a call gives, thrown or by its promise; null if the value was taken. */
async function refusal(call: Call, machine: Rig, value: unknown): Promise<unknown> {
  try {
    await call(machine, value as never);
    return null;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(CALLS))('%s', (_function, args) => {
  it.each(args)('%s', async (name, call) => {
    const machine = rig();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const error = await refusal(call, machine, value);
        if (error === null) return;
        refused++;
        if (!(error instanceof api.KvmError || error instanceof api.InputError)) throw error;
        if (error instanceof api.KvmError && (ABOUT_STATE.has(error.code) || /there is no memslot/.test(error.message))) return;
        // What is wrong within an object is said of its part.
        const isPart = typeof value === 'object' || typeof value === 'function' || typeof value === 'string';
        if (!isPart) expect(error.message).toContain(name);
        expect(error.message).not.toContain('\n');
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(refused).toBeGreaterThan(0);
    worksOn(machine);
  });
});

it('every function that is exported is thrown wrong values at', () => {
  const exported = Object.entries(api).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  const errors = ['KvmError', 'InputError', 'LostWriteError', 'DivergenceError', 'CheckpointError'];
  expect(exported.filter((name) => !(name in CALLS) && !errors.includes(name))).toEqual([]);
});

it.each([
  [{ memory: MIB, vcpu: 2 }, /config has no "vcpu"; did you mean 'vcpus'\?/],
  [{ memory: MIB, Serial: () => {} }, /did you mean 'serial'\?/],
  [{ memory: MIB, trackng: 'pml' }, /did you mean 'tracking'\?/],
  [{ memory: MIB, colour: 'red' }, /config has no "colour"$/],
])('an unknown key is refused by name, and a near one proposed: %o', (wrong, message) => {
  expect(() => api.createPc(wrong)).toThrow(api.InputError);
  expect(() => api.createPc(wrong)).toThrow(message);
});
