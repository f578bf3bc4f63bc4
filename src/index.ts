// The public API: a machine, what to load into it, and what stands on its memory tracking. It has every type that it mentions. The
// sections are those of the reference, docs/reference.md.

// A PC
export { createPc, restorePc } from './machine/pc.ts';
export type { ImageConfig, ImageFile, PcConfig, RestoreConfig } from './machine/pc.ts';
export type { Pc } from './machine/pc-handle.ts';
export type { RunUntilOptions, RunUntilResult } from './machine/run-until.ts';
export type { Pattern } from './machine/text-watch.ts';
export { connectSerial } from './machine/serial-link.ts';
export type { LinkOptions, LinkResult, LinkRunOptions, SerialLink } from './machine/serial-link.ts';
export type { A20Control, Board, KeyEvent, Sink } from './machine/board.ts';
export type { DiskImage, DiskKind } from './machine/bios/disk.ts';
export type { FirmwareImage } from './machine/firmware-image.ts';
export { pressKeys, typeText } from './machine/us-keyboard.ts';
export type { KeyName } from './devices/scan-codes.ts';
export { screenLines, textScreen } from './machine/text-screen.ts';
export type { TextCell, TextScreen } from './machine/text-screen.ts';

// The machine
export { Vm } from './vm/vm.ts';
export type { VmConfig } from './vm/config.ts';
export type { TrackingMethod } from './mmu/tracking.ts';
export type { Memslot, MemslotRequest } from './mmu/memslots.ts';
export type { VirtualClock } from './vm/clock.ts';
export { InputError, KvmError } from './base/errors.ts';
export type { ErrnoCode } from './base/errors.ts';

// Running
export type { Exit, SliceOptions, SliceResult, StopAt } from './vm/exit.ts';
export type { OutsideAccess } from './cpu/replay.ts';
export type { ChainedFault, Fault } from './cpu/signals.ts';

// vCPUs
export type { ActivityName, Vcpu } from './vm/vcpu.ts';
export type { GprName, Regs, SegmentRegister, Sregs, TableRegister } from './vm/registers.ts';
export type { MmuCounters } from './mmu/second-level.ts';

// Loading a guest
export { loadImage, recogniseImage } from './boot/image.ts';
export type { ImageContent } from './boot/image.ts';
export type { BootModule, BootOptions, BootTarget, DescriptorTableState, EntryState, LoadedImage, PlacedRange } from './boot/target.ts';
export type { SegmentName, SegmentState } from './boot/target.ts';
export { bootTarget, enter } from './boot/vm-target.ts';
export type { Machine } from './boot/vm-target.ts';

// Memory tracking
export type { MemoryTracking } from './mt/memory-tracking.ts';
export type { FetchRequest, FetchResult, InitRequest } from './mt/types.ts';
export { FetchFlag, MtEnable, MtFlag, MtOp, MtRequest } from './mt/abi.ts';
export type { ExternalCounters, MtCounters, MtStats, VerifyStats } from './mt/stats.ts';
export { LostWriteError } from './mt/shadow.ts';
export { attachFetcher } from './vm/attach-fetcher.ts';
export type { FetcherSeed } from './vm/fetcher-seed.ts';
export type { MtFetcher } from './mt/fetcher.ts';

// KVM's dirty log
export type { DirtyLog } from './dirty-log/dirty-log.ts';
export { DirtyGfnFlag, DirtyLogRequest, KvmCap, ManualProtect, MemFlag } from './dirty-log/abi.ts';
export { DirtyRingReader } from './dirty-log/ring.ts';
export type { DirtyGfn } from './dirty-log/ring.ts';

// The raw face
export { VmRequest } from './vm/ioctl.ts';
export type { IoctlBuffer } from './base/ioctl.ts';
export type { ListHandles } from './mt/handles.ts';

// Checkpoints
export { CheckpointError, Checkpointer } from './checkpoint/checkpointer.ts';
export type { CheckpointPolicy, CycleOptions, CycleReport } from './checkpoint/checkpointer.ts';
export type { RewindOptions } from './checkpoint/rewind-store.ts';
export type { Phase, Phases } from './checkpoint/phase-times.ts';
export { MemoryStore } from './checkpoint/memory-store.ts';
export type { BaseCheckpoint, CheckpointStore, DeltaCheckpoint, GuestEnd, KeptDisk, MachineDescription } from './checkpoint/store.ts';
export { rebuildCycle, resumeCycle, verifyRebuilds } from './checkpoint/rebuild.ts';
export type { RebuiltCycle } from './checkpoint/rebuild.ts';

// Saving, recording, replaying
export type { VmCore, VmState } from './vm/save.ts';
export { hashMemory } from './snapshot/hash.ts';
export type { MemoryImage } from './snapshot/memory-image.ts';
export type { Input, Journal, JournalData, JournalEntry, Moment, PlainRegisters, Position } from './vm/journal.ts';
export { DivergenceError, Replay } from './vm/replay.ts';

// Devices and boards
export type { DeviceRow, DeviceWindow, DeviceWires } from './machine/device-table.ts';
export type { AnyDeviceRow, SimpleDeviceRow } from './machine/simple-device.ts';
export type { AccessWidth, Device, DeviceState, IrqLine, StateValue } from './base/device.ts';
export type {
  DeviceMemory,
  DeviceTime,
  MemoryRange,
  MmioSpace,
  Platform,
  PlatformHost,
  PlatformState,
  PortSpace,
} from './base/platform.ts';
export type { BlockImage, BlockImages, BlockStore, BlockTracker, SavedBlocks } from './base/blocks.ts';

// Where it stopped
export { whereItStopped } from './debug/where-it-stopped.ts';
export type { StoppedFault, StoppedOptions, StoppedVcpu, WhereItStopped } from './debug/where-it-stopped.ts';
export { Symbols } from './debug/symbols.ts';
export type { SymbolAt } from './debug/symbols.ts';
export type { Branch, Track, UnansweredRead } from './debug/branch-recorder.ts';
export type { Code, CodeAddress } from './debug/code-at.ts';
export type { FaultAt } from './debug/causes.ts';

// Observation
export type { OneLine } from './base/inspect.ts';
export type { Trace, TraceEvents, TraceListener } from './base/trace.ts';
