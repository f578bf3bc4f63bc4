// A second debug-exit device, at the port that `--debug-exit` says. Its name has the port, so that a machine that is restored has it
// where it was.

import { InputError } from '../base/errors.ts';
import { DebugExit } from '../devices/debug-exit.ts';
import type { DeviceRow } from '../machine/device-table.ts';
import type { VmCore } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';

/** As wide as the one that every PC has. */
const PORTS = 4;
/** Where every PC has one. */
const BUILT_IN = 0xf4;
const NAME = /^debug-exit@0x([0-9a-f]{1,4})$/;

/** The row of the device at `port` on a board; none if `port` is null, or has one already. `vm` gives the machine, once it is built. */
export function debugExitAt(port: number | null, vm: () => Vm): DeviceRow[] {
  if (port === null || port === BUILT_IN) return [];
  const name = `debug-exit@0x${port.toString(16)}`;
  const exit = (value: number): void => vm().exitWith({ kind: 'debug-exit', value });
  return [{ at: port, length: PORTS, make: () => new DebugExit(exit, name) }];
}

/** The port of such a device of the machine whose state this is; null if it has none. */
export function debugExitPortOf({ platform }: VmCore): number | null {
  const [port] = Object.keys(platform ?? {}).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  if (port === undefined) return null;
  const at = Number.parseInt(port, 16);
  if (at + PORTS > 0x10000) throw new InputError(`saved state: a debug-exit device at 0x${port} leaves the port space`);
  return at;
}
