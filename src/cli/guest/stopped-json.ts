// Where a run stopped, as plain data for --json. Addresses and 64-bit values are hexadecimal text.

import type { Branch } from '../../debug/branch-recorder.ts';
import type { CodeAddress } from '../../debug/code-at.ts';
import { symbolText } from '../../debug/symbols.ts';
import type { StoppedVcpu, WhereItStopped } from '../../debug/where-it-stopped.ts';
import { hexBytes, listing } from './listing.ts';
import type { Stopped } from './post-mortem.ts';
import { hex, vectorName } from './vector-names.ts';

/** The field `stopped`: the vCPU that it is about, its fields again at the top, and every vCPU. */
export function stoppedData(stopped: Stopped): object {
  const { where, why } = stopped;
  const { vcpu, vcpus, faults, nameOf } = where;
  const all = vcpus.map((one) => vcpuData(one, stopped));
  const { registers: _registers, ...main } = all[vcpu]!;
  return {
    ...main,
    ...(why === null ? {} : { noBranches: why }),
    ...(faults.length === 0
      ? {}
      : {
          faults: faults.map(({ vector, errorCode, address, delivering, code }) => ({
            vector,
            name: vectorName(vector),
            errorCode,
            address: hex(address),
            delivering: delivering === null ? null : vectorName(delivering),
            ...placeData(code, nameOf),
            instruction: listing(code, stopped.disassemble, nameOf)[0]?.text ?? null,
          })),
        }),
    vcpus: all,
  };
}

function vcpuData({ vcpu, activity, cpl, code, regs, sregs, track, causes }: StoppedVcpu, { where: { nameOf }, disassemble }: Stopped) {
  const lines = listing(code, disassemble, nameOf);
  return {
    vcpu,
    activity,
    ...placeData(code, nameOf),
    linear: hex(code.linear),
    bits: code.bits,
    cpl,
    bytes: hexBytes(code.bytes),
    disassembly: disassemble ? lines : null,
    branches: track ? track.branches.map((branch) => branchData(branch, nameOf)) : null,
    causes,
    registers: { ...hexed(regs), ...hexed(sregs) },
  };
}

function placeData(address: CodeAddress, nameOf: WhereItStopped['nameOf']) {
  const name = nameOf(address);
  return { cs: address.cs, rip: hex(address.rip), symbol: name ? symbolText(name) : null };
}

function branchData({ kind, vector, from, to }: Branch, nameOf: WhereItStopped['nameOf']) {
  return { kind, ...(vector === null ? {} : { vector }), from: placeData(from, nameOf), to: placeData(to, nameOf) };
}

/** 64-bit values as hexadecimal text, also within. */
const hexed = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'bigint' ? hex(value) : typeof value === 'object' && value !== null ? hexed(value) : value,
    ]),
  );
