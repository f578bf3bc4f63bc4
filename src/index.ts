// The public API: a machine, what to load into it, and what stands on its memory tracking.

export { Vm } from './vm/vm.ts';
export type { FetcherSeed } from './vm/vm.ts';
export { attachFetcher } from './vm/attach-fetcher.ts';
export type { VmConfig } from './vm/config.ts';
export type { Exit, SliceResult } from './vm/exit.ts';
export type { Vcpu } from './vm/vcpu.ts';
export type { Regs, Sregs, SegmentRegister } from './vm/registers.ts';
export type { VmState } from './vm/save.ts';
export { createPc } from './machine/pc.ts';
export type { Pc, PcConfig } from './machine/pc.ts';
export { screenLines, textScreen } from './machine/text-screen.ts';
export type { TextCell, TextScreen } from './machine/text-screen.ts';
export { loadImage, recogniseImage } from './boot/image.ts';
export type { BootOptions, LoadedImage } from './boot/target.ts';
export { bootTarget, enter } from './boot/vm-target.ts';
export { MtEnable, FetchFlag, MtFlag, MtOp, MtRequest } from './mt/abi.ts';
export { LostWriteError } from './mt/shadow.ts';
export type { MtStats } from './mt/stats.ts';
export { Checkpointer } from './checkpoint/checkpointer.ts';
export type { CheckpointPolicy, CycleReport } from './checkpoint/checkpointer.ts';
export { MemoryStore } from './checkpoint/store.ts';
export type { CheckpointStore } from './checkpoint/store.ts';
export { rebuildCycle, resumeCycle, verifyRebuilds } from './checkpoint/rebuild.ts';
export { hashMemory } from './snapshot/hash.ts';
export { InputError, KvmError } from './base/errors.ts';
