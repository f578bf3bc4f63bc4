// INT 19H: the first sector to 0000:7C00. INT 18H: there is nothing to boot.

import type { Caller } from './caller.ts';
import type { Firmware } from './firmware.ts';
import { BOOT_OFFSET } from './rom.ts';

/** What AX holds when a boot sector is entered from firmware that has looked at its signature. */
const SIGNATURE = 0xaa55;
const SIGNATURE_AT = 510;

/** The answer is whether there is no boot sector. If there is one, the ROM jumps to it, with DS, ES and SS at 0. */
export function int19({ disk, memory }: Firmware, caller: Caller): void {
  const sector = disk?.read(0);
  const bootable = sector !== undefined && sector[SIGNATURE_AT]! + sector[SIGNATURE_AT + 1]! * 256 === SIGNATURE;
  caller.setLiveCarry(!bootable);
  if (!disk || !bootable) return;
  memory.write(BOOT_OFFSET, sector);
  caller.clearRegisters();
  caller.ax = SIGNATURE;
  caller.dl = disk.drive;
}

/** The ROM stops the processor. */
export function int18({ screen }: Firmware): void {
  screen.print('\r\nNo bootable device.\r\n');
}
