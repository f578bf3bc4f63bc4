// INT 15H: waiting, A20, memory sizes and map, the move of blocks beyond 1 MiB, and what the machine has.

import type { Caller } from './caller.ts';
import { EBDA } from './data-area.ts';
import { cancelWait, OWN_FLAG, ownWaitEnded, startWait, waitIsActive } from './event-wait.ts';
import type { Firmware } from './firmware.ts';
import { addressMap, extendedMemory } from './int15-memory.ts';
import { ROM_SEGMENT } from './rom.ts';

/** AH after a function that there is not, and after a wait while another is on. */
const UNSUPPORTED = 0x86;
const BUSY = 0x83;
/** Ways to move the gate that AX = 2403H tells of: the keyboard controller and port 92H. */
const A20_WAYS = 3;
/** The GDT at ES:SI of AH = 87H: where the descriptors of source and target are. */
const SOURCE = 0x10;
const TARGET = 0x18;
const MAX_WORDS = 0x8000;

export function int15(firmware: Firmware, caller: Caller, again: boolean): boolean {
  if (again) return waitOn(firmware, caller);
  switch (caller.ah) {
    case 0x24:
      moveGate(firmware, caller);
      break;
    // Each key comes by here: it goes on as it is.
    case 0x4f:
      break;
    case 0x83:
      eventWait(firmware, caller);
      break;
    case 0x86:
      return wait(firmware, caller);
    case 0x87:
      moveBlock(firmware, caller);
      break;
    case 0x88:
    case 0xe8:
      extendedOrMap(firmware, caller);
      break;
    // 85H: SysReq was pressed. 90H: a program may wait for a device here. 91H: the device was served.
    case 0x85:
    case 0x90:
    case 0x91:
      succeed(caller);
      break;
    case 0xc0:
      succeed(caller);
      caller.setEs(ROM_SEGMENT);
      caller.bx = firmware.rom.configurationTable;
      break;
    case 0xc1:
      succeed(caller);
      caller.setEs(EBDA.SEGMENT);
      break;
    default:
      fail(caller, UNSUPPORTED);
  }
  return true;
}

function succeed(caller: Caller): void {
  caller.ah = 0;
  caller.carry = false;
}

function fail(caller: Caller, status: number): void {
  caller.ah = status;
  caller.carry = true;
}

function extendedOrMap(firmware: Firmware, caller: Caller): void {
  const asksSize = caller.ah === 0x88 || caller.al === 0x01;
  const known = asksSize ? extendedMemory(firmware, caller) : caller.al === 0x20 && addressMap(firmware, caller);
  if (known) caller.carry = false;
  else fail(caller, UNSUPPORTED);
}

/** AH = 86H: CX:DX microseconds. */
function wait(firmware: Firmware, caller: Caller): boolean {
  if (waitIsActive(firmware)) {
    fail(caller, BUSY);
    return true;
  }
  const microseconds = caller.cx * 65536 + caller.dx;
  caller.carry = false;
  if (microseconds > 0) startWait(firmware, microseconds, OWN_FLAG);
  return microseconds === 0;
}

function waitOn(firmware: Firmware, caller: Caller): boolean {
  if (!ownWaitEnded(firmware)) return false;
  caller.carry = false;
  return true;
}

/** AH = 83H: AL = 0 sets bit 7 of the byte at ES:BX after CX:DX microseconds; AL = 1 gives that up. */
function eventWait(firmware: Firmware, caller: Caller): void {
  if (caller.al === 1) {
    cancelWait(firmware);
    return succeed(caller);
  }
  if (caller.al !== 0 || waitIsActive(firmware)) return fail(caller, caller.al === 0 ? BUSY : UNSUPPORTED);
  startWait(firmware, caller.cx * 65536 + caller.dx, { segment: Math.floor(caller.es(0) / 16), offset: caller.bx });
  succeed(caller);
}

function moveGate({ a20 }: Firmware, caller: Caller): void {
  switch (caller.al) {
    case 0x00:
      a20.set(false);
      break;
    case 0x01:
      a20.set(true);
      break;
    case 0x02:
      caller.al = a20.open ? 1 : 0;
      break;
    case 0x03:
      caller.bx = A20_WAYS;
      break;
    default:
      return fail(caller, UNSUPPORTED);
  }
  succeed(caller);
}

/** AH = 87H: CX words from one descriptor's base to the other's, by physical address. */
function moveBlock({ memory }: Firmware, caller: Caller): void {
  if (caller.cx > MAX_WORDS) return fail(caller, 0x01);
  const table = caller.read(caller.es(caller.si), TARGET + 8);
  const base = (at: number): number => table[at + 2]! + table[at + 3]! * 2 ** 8 + table[at + 4]! * 2 ** 16 + table[at + 7]! * 2 ** 24;
  memory.write(base(TARGET), memory.read(base(SOURCE), 2 * caller.cx));
  succeed(caller);
}
