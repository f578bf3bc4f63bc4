// The model-specific registers there are, by address: how each is read and what each accepts (SDM vol. 4,
// "Architectural MSRs"). Absent addresses raise #GP(0).

import { EFER } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import { takeControlsOver } from './control-registers.ts';
import { checkEfer } from './control-rules.ts';
import { requireCanonical } from './helper.ts';
import { writeMiscEnable } from './misc-enable.ts';
import { timeStamp } from './tsc.ts';
import { Seg } from '../../base/state/vcpu.ts';
import type { VcpuState } from '../../base/state/vcpu.ts';

export interface Msr {
  readonly name: string;
  read(cpu: Cpu): bigint;
  /** Raises #GP(0) on a value the register does not take. */
  write(cpu: Cpu, value: bigint): void;
}

export const MsrAddress = {
  TSC: 0x10,
  PLATFORM_ID: 0x17,
  BIOS_SIGN_ID: 0x8b,
  SYSENTER_CS: 0x174,
  SYSENTER_ESP: 0x175,
  SYSENTER_EIP: 0x176,
  MISC_ENABLE: 0x1a0,
  PAT: 0x277,
  EFER: 0xc0000080,
  STAR: 0xc0000081,
  LSTAR: 0xc0000082,
  CSTAR: 0xc0000083,
  FMASK: 0xc0000084,
  FS_BASE: 0xc0000100,
  GS_BASE: 0xc0000101,
  KERNEL_GS_BASE: 0xc0000102,
  TSC_AUX: 0xc0000103,
} as const;

/** IA32_PAT after reset: WB WT UC- UC, twice. */
export const PAT_RESET = 0x0007040600070406n;
type Field = { [K in keyof VcpuState]: VcpuState[K] extends BigUint64Array ? K : never }[keyof VcpuState];
type Check = (cpu: Cpu, value: bigint) => void;

const low32 = (cpu: Cpu, value: bigint): void => {
  if (value >> 32n !== 0n) cpu.raise(Vector.GP, 0);
};

const anything = (): void => {};

const readOnly: Check = (cpu) => cpu.raise(Vector.GP, 0);

/** A register that is one field of the state block. */
const stored = (name: string, field: Field, check: Check): Msr => ({
  name,
  read: (cpu) => cpu.state[field][0],
  write: (cpu, value) => {
    check(cpu, value);
    cpu.state[field][0] = value;
  },
});

const segmentBase = (name: string, segment: number): Msr => ({
  name,
  read: (cpu) => cpu.state.segBase[segment],
  write: (cpu, value) => {
    requireCanonical(cpu, value);
    cpu.state.segBase[segment] = value;
    cpu.refresh();
  },
});

/** Memory types 0, 1, 4, 5, 6 and 7 in each byte. */
const checkPat: Check = (cpu, value) => {
  for (let entry = 0n; entry < 8n; entry++) {
    const type = (value >> (8n * entry)) & 0xffn;
    if (type > 7n || type === 2n || type === 3n) cpu.raise(Vector.GP, 0);
  }
};

const MSRS: readonly (readonly [number, Msr])[] = [
  [
    MsrAddress.TSC,
    {
      name: 'IA32_TIME_STAMP_COUNTER',
      read: timeStamp,
      write: (cpu, value) => {
        cpu.state.tscOffset[0] = BigInt.asUintN(64, value - BigInt(cpu.host.tsc()));
      },
    },
  ],
  [MsrAddress.PLATFORM_ID, { name: 'IA32_PLATFORM_ID', read: () => 0n, write: readOnly }],
  // There is no microcode update: the signature stays 0, which software first writes (SDM vol. 3, "Determining the Signature").
  [MsrAddress.BIOS_SIGN_ID, { name: 'IA32_BIOS_SIGN_ID', read: () => 0n, write: anything }],
  [MsrAddress.SYSENTER_CS, stored('IA32_SYSENTER_CS', 'sysenterCs', low32)],
  [MsrAddress.SYSENTER_ESP, stored('IA32_SYSENTER_ESP', 'sysenterEsp', requireCanonical)],
  [MsrAddress.SYSENTER_EIP, stored('IA32_SYSENTER_EIP', 'sysenterEip', requireCanonical)],
  [
    MsrAddress.MISC_ENABLE,
    {
      name: 'IA32_MISC_ENABLE',
      read: (cpu) => cpu.state.miscEnable[0],
      write: writeMiscEnable,
    },
  ],
  [MsrAddress.PAT, stored('IA32_PAT', 'pat', checkPat)],
  [
    MsrAddress.EFER,
    {
      name: 'IA32_EFER',
      read: (cpu) => cpu.state.efer[0],
      write: (cpu, value) => {
        checkEfer(cpu, value);
        const active = cpu.state.efer[0] & EFER.LMA;
        // LMA is the processor's: what is written to it has no effect.
        cpu.state.efer[0] = (value & ~EFER.LMA) | active;
        takeControlsOver(cpu);
      },
    },
  ],
  [MsrAddress.STAR, stored('IA32_STAR', 'star', anything)],
  [MsrAddress.LSTAR, stored('IA32_LSTAR', 'lstar', requireCanonical)],
  [MsrAddress.CSTAR, stored('IA32_CSTAR', 'cstar', requireCanonical)],
  [MsrAddress.FMASK, stored('IA32_FMASK', 'sfmask', low32)],
  [MsrAddress.FS_BASE, segmentBase('IA32_FS_BASE', Seg.FS)],
  [MsrAddress.GS_BASE, segmentBase('IA32_GS_BASE', Seg.GS)],
  [MsrAddress.KERNEL_GS_BASE, stored('IA32_KERNEL_GS_BASE', 'kernelGsBase', requireCanonical)],
  [MsrAddress.TSC_AUX, stored('IA32_TSC_AUX', 'tscAux', low32)],
];

const BY_ADDRESS: ReadonlyMap<number, Msr> = new Map(MSRS);

/** The register at `address`, or undefined where there is none. */
export const msrAt = (address: number): Msr | undefined => BY_ADDRESS.get(address);
