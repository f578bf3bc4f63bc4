// What the boot layer needs of a machine: RAM to write to, and firmware's work done. What it hands over: the state vCPU 0 starts in.

import type { GprName } from '../vm/registers.ts';

/** Where a loader puts an image: guest memory, and vCPU 0's first state. `bootTarget(vm)` is that of a machine. */
export interface BootTarget {
  /** RAM, as guest-physical ranges in bytes. */
  readonly memory: readonly { readonly base: number; readonly size: number }[];
  /** Writes guest-physical memory; only ever called for ranges inside `memory`. */
  write(gpa: number, bytes: Uint8Array): void;
  /** Leaves devices and low memory as firmware does. Called once, first, so that what is loaded there stays. */
  powerOn?(): void;
  /** Sets vCPU 0's state. Called once, last. */
  setEntry(state: EntryState): void;
}

/** The segment registers, LDTR and TR. */
export type SegmentName = 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' | 'ldtr' | 'tr';

/** `attributes` as in the VMCS: 3:0 type | 4 S | 6:5 DPL | 7 P | 12 AVL | 13 L | 14 D/B | 15 G | 16 unusable; `limit` in bytes. */
export interface SegmentState {
  /** Selector, 16 bits. */
  readonly selector: number;
  /** Linear address of the segment's first byte. */
  readonly base: number;
  readonly limit: number;
  readonly attributes: number;
}

/** GDTR or IDTR: `base` is a linear address, `limit` the offset of the last byte. */
export interface DescriptorTableState {
  readonly base: number;
  readonly limit: number;
}

/** Everything not named keeps its reset value; GPRs not named are 0. */
export interface EntryState {
  /** What the processor is in: 32-bit protected mode without paging, or 64-bit mode at ring 0. */
  readonly mode: 'protected32' | 'long64';
  /** Where the guest begins, a linear address. */
  readonly rip: number;
  /** General registers, as unsigned numbers. */
  readonly gpr: { readonly [K in GprName]?: number };
  readonly segments: { readonly [K in SegmentName]: SegmentState };
  readonly gdtr: DescriptorTableState;
  readonly idtr: DescriptorTableState;
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly efer: number;
  readonly rflags: number;
}

/** A file that is loaded beside a kernel. */
export interface BootModule {
  /** Its name, as messages and the module's string have it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What follows the name in the module's string. */
  readonly args?: string;
}

/** How an image is loaded. */
export interface BootOptions {
  /** The image is a kernel, although its first sector could be a disk's. */
  readonly asKernel?: boolean;
  /** The command line. */
  readonly append?: string;
  /** Files for the kernel, in order, each on a page of its own. */
  readonly modules?: readonly BootModule[];
  /** The initial RAM disk of a Linux bzImage; for other images the first module. */
  readonly initrd?: BootModule;
  /** Guest-physical address at which to load the image as it is, whatever it contains. */
  readonly at?: number;
}

/** A range of guest-physical memory that loading filled. */
export interface PlacedRange {
  /** What lies there, in words. */
  readonly what: string;
  /** First guest-physical address. */
  readonly base: number;
  readonly size: number;
}

/** What loading has done. */
export interface LoadedImage {
  /** By which protocol the image is entered. */
  readonly kind: 'multiboot' | 'multiboot2' | 'linux32' | 'linux64' | 'pvh' | 'elf32' | 'elf64' | 'flat';
  /** Where vCPU 0 starts: a guest-physical address, which is the linear one too. */
  readonly entry: number;
  /** The image's own ranges, in order of address. */
  readonly segments: readonly PlacedRange[];
  /** What was put beside it: modules, start information, tables, stack. */
  readonly placed: readonly PlacedRange[];
}
