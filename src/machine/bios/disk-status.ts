// What INT 13H reports: AH, CF, and the status byte of the drive's kind in the data area.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import { Drive } from './disk.ts';
import type { Firmware } from './firmware.ts';

export const Status = { OK: 0x00, INVALID: 0x01, NOT_FOUND: 0x04, BOUNDARY: 0x09, NO_DRIVE: 0x80 } as const;
export type Status = (typeof Status)[keyof typeof Status];

const statusByte = (drive: number): number => (drive >= Drive.FIXED ? Bda.FIXED_STATUS : Bda.DISKETTE_STATUS);

/** Ends a function: AH = status, CF = error, and the status is kept for AH = 01H. */
export function finish({ memory }: Firmware, caller: Caller, status: Status): void {
  const at = statusByte(caller.dl);
  caller.ah = status;
  caller.carry = status !== Status.OK;
  memory.setU8(at, status);
}

export const lastStatus = ({ memory }: Firmware, drive: number): number => memory.u8(statusByte(drive));
