// What `createPc` takes.

import type { BootModule } from '../boot/target.ts';
import type { VmConfig } from '../vm/config.ts';
import type { DiskImage } from './bios/disk.ts';
import type { Sink } from './board.ts';
import type { FirmwareImage } from './firmware-image.ts';
import type { AnyDeviceRow } from './simple-device.ts';

/** A file's bytes, with the name by which messages call it. Nobody may change the bytes. */
export interface ImageFile {
  /** Its path, say. */
  readonly name: string;
  /** All of the file. */
  readonly bytes: Uint8Array;
}

/** What starts: a kernel with what is loaded beside it, or a disk. */
export interface ImageConfig {
  /**
   * The image that starts, recognised by its content: one with a boot sector is booted as a disk, anything else is loaded as by
   * `loadImage`. In place of a file its bytes alone will do.
   */
  readonly image?: ImageFile | Uint8Array;
  /** The kernel's command line. */
  readonly append?: string;
  /** The initial RAM disk of a Linux bzImage; for other kernels the first module. */
  readonly initrd?: BootModule | Uint8Array;
  /** Files that are loaded beside the kernel, in this order, for kernels that take modules: multiboot 1 and 2, and PVH. */
  readonly modules?: readonly (BootModule | Uint8Array)[];
  /** Guest-physical address at which the image is loaded as it is, whatever it contains. */
  readonly at?: number;
  /** The image is a kernel, although its first sector could be a disk's. */
  readonly asKernel?: boolean;
}

/** What a PC is made of, and where what it says goes. */
export interface PcConfig extends Omit<VmConfig, 'platform' | 'memory'>, ImageConfig {
  /** Bytes of RAM, whole pages, up to 3 GiB; 128 MiB if not given. */
  readonly memory?: number;
  /** Called with each byte that the guest sends to COM1. `'collect'`, which is also the default, keeps them for `pc.output`. */
  readonly serial?: Sink | 'collect';
  /** The same for what the guest writes to ports 0xE9 and 0x402, and `pc.debugOutput`. */
  readonly debugcon?: Sink | 'collect';
  /** What the guest asked firmware for and does not get, such as a graphics mode: lines, each once. */
  readonly notice?: (text: string) => void;
  /**
   * Sinks of further devices, by the names that they ask for. `screen` is the BIOS's: each character, in code page 437, that is written by
   * INT 10H as a teletype does (AH = 0EH, AH = 13H).
   */
  readonly outputs?: { readonly [name: string]: Sink };
  /** Devices of one's own: where they answer, their interrupts, and what they do or what makes them. They are saved with the machine. */
  readonly devices?: readonly AnyDeviceRow[];
  /** What the real-time clock shows at virtual time 0, in seconds since 1970; 2000-01-01 00:00 UTC if not given. */
  readonly epoch?: number;
  /**
   * A disk to boot: vCPU 0 starts at the BIOS's reset vector, to load the first sector to 0000:7C00. What the guest writes to the disk
   * is kept beside the image and saved with the machine. Without a disk the BIOS gives its services to what `loadImage` loads.
   */
  readonly disk?: DiskImage;
  /** Firmware of one's own in place of what is built in: vCPU 0 starts at its reset vector. */
  readonly firmware?: FirmwareImage;
}

export const DEFAULT_MEMORY = 128 * 2 ** 20;

/** What `restorePc` takes beside the snapshot. */
export type RestoreConfig = Omit<PcConfig, keyof ImageConfig | 'firmware'>;

/** What the configuration says of the bare machine. */
export function bareConfig(config: PcConfig): Omit<VmConfig, 'memory'> {
  const { image, append, initrd, modules, at, asKernel, serial, debugcon, notice, outputs, devices, epoch, disk, firmware, ...bare } =
    config;
  return bare;
}
