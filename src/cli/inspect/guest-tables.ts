// The guest's page tables as a walk reads them, entry by entry. The walk is the machine's own; it sets no flag and takes no exit.

import { INTERNALS } from '../../base/internals.ts';
import { PAGE_SIZE } from '../../base/paging-units.ts';
import type { Cpu } from '../../cpu/cpu.ts';
import { PTE_A, PTE_D, PTE_G, PTE_P, PTE_PS, PTE_U, PTE_W, PTE_XD } from '../../mmu/guest-walk/entry.ts';
import { FOUND, NOT_PRESENT, RESERVED } from '../../mmu/guest-walk/outcome.ts';
import { PagingControls, PagingMode } from '../../mmu/guest-walk/paging-mode.ts';
import { WalkState } from '../../mmu/guest-walk/walk-state.ts';
import { walkTables } from '../../mmu/guest-walk/walk-tables.ts';
import { SecondLevel } from '../../mmu/second-level.ts';
import type { Vm } from '../../vm/vm.ts';

const TWO_32 = 2 ** 32;

/** An entry that a walk read. */
export interface WalkEntry {
  /** `PML4E`, `PDE` and so on, as the SDM names them. */
  readonly name: string;
  readonly index: number;
  /** Its guest-physical address; null for a PDPTE of PAE paging, which is in a register. */
  readonly gpa: number | null;
  readonly value: bigint;
}

/** Rights as the entries of a walk give them together, before CR0.WP, SMEP and SMAP. */
export interface Rights {
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean;
  readonly global: boolean;
}

export interface Walked {
  readonly entries: readonly WalkEntry[];
  readonly outcome: 'page' | 'not-present' | 'reserved-bit';
  /** Guest-physical address of the linear address; null if there is no page. */
  readonly gpa: number | null;
  /** log2 of the bytes that the last entry read decides about. */
  readonly shift: number;
  readonly rights: Rights;
}

/** By mode: the names of the levels, and log2 of the bytes that an entry of each covers. */
const LEVELS = {
  [PagingMode.NONE]: [],
  [PagingMode.BITS32]: [
    ['PDE', 22],
    ['PTE', 12],
  ],
  [PagingMode.PAE]: [
    ['PDPTE', 30],
    ['PDE', 21],
    ['PTE', 12],
  ],
  [PagingMode.LONG]: [
    ['PML4E', 39],
    ['PDPTE', 30],
    ['PDE', 21],
    ['PTE', 12],
  ],
} as const;

const MODE_NAMES = {
  [PagingMode.NONE]: 'no paging',
  [PagingMode.BITS32]: '32-bit paging',
  [PagingMode.PAE]: 'PAE paging',
  [PagingMode.LONG]: '4-level paging',
} as const;

const OUTCOMES = { [FOUND]: 'page', [NOT_PRESENT]: 'not-present', [RESERVED]: 'reserved-bit' } as const;

/** A walk that remembers what it read. */
class NotedWalk extends WalkState {
  readonly read: { readonly frame: number; readonly index: number; readonly value: bigint }[] = [];

  override begin(): void {
    super.begin();
    this.read.length = 0;
  }

  override read64(frame: number, index: number): void {
    super.read64(frame, index);
    this.read.push({ frame, index, value: joined(this.low, this.high) });
  }

  override read32(frame: number, index: number): void {
    super.read32(frame, index);
    this.read.push({ frame, index, value: BigInt(this.low >>> 0) });
  }
}

const joined = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

export class GuestTables {
  readonly controls: PagingControls;
  private readonly walk: NotedWalk;
  private readonly second: SecondLevel;
  private readonly cpu: Cpu;

  /** Those of vCPU `index`, as its registers say when a walk begins. */
  constructor(vm: Vm, index: number) {
    const { parts, cpus } = vm[INTERNALS];
    this.cpu = cpus[index]!;
    this.controls = new PagingControls(this.cpu.state);
    this.second = new SecondLevel(parts.physical, parts.hub, index, { on: null });
    this.walk = new NotedWalk(parts.memory.u32, this.second);
  }

  get modeName(): string {
    this.controls.reload();
    return MODE_NAMES[this.controls.mode];
  }

  /** Where linear addresses begin and end: [from, to) each. High halves are negative. */
  get spaces(): readonly (readonly [number, number])[] {
    this.controls.reload();
    const half = 2 ** 47;
    return this.controls.mode === PagingMode.LONG
      ? [
          [0, half],
          [-half, 0],
        ]
      : [[0, TWO_32]];
  }

  /** Walks to `linear`, a canonical address, the high half negative. */
  look(linear: number): Walked {
    const { controls, walk, cpu } = this;
    controls.reload();
    this.second.beginQuery();
    walk.begin();
    const { mode } = controls;
    const none: Rights = { write: true, execute: true, user: true, global: false };
    if (mode === PagingMode.NONE) return { entries: [], outcome: 'page', gpa: this.reached(linear), shift: 32, rights: none };
    const low = linear >>> 0;
    const high = Math.floor(linear / TWO_32) | 0;
    const { pdpte } = cpu.state;
    const outcome = walkTables(walk, controls, new Uint32Array(pdpte.buffer, pdpte.byteOffset, 8), low, high);
    const levels = LEVELS[mode];
    const inRegister = mode === PagingMode.PAE ? 1 : 0;
    const entries: WalkEntry[] = walk.read.map(({ frame, index, value }, n) => ({
      name: levels[n + inRegister]![0],
      index,
      gpa: this.second.reached(frame) * PAGE_SIZE + index * (mode === PagingMode.BITS32 ? 4 : 8),
      value,
    }));
    if (inRegister) entries.unshift({ name: 'PDPTE', index: low >>> 30, gpa: null, value: pdpte[low >>> 30]! });
    const shift = levels[entries.length - 1]![1];
    const found = outcome === FOUND;
    return {
      entries,
      outcome: OUTCOMES[outcome as keyof typeof OUTCOMES],
      gpa: found ? this.second.reached(walk.gfn) * PAGE_SIZE + (low % PAGE_SIZE) : null,
      shift,
      rights: {
        write: found && (walk.allLow & PTE_W) !== 0,
        execute: found && (walk.anyHigh & PTE_XD) === 0,
        user: found && (walk.allLow & PTE_U) !== 0,
        global: found && controls.pge && (walk.low & PTE_G) !== 0,
      },
    };
  }

  private reached(linear: number): number {
    return this.second.reached((linear >>> 0) >>> 12) * PAGE_SIZE + ((linear >>> 0) % PAGE_SIZE);
  }
}

const FLAGS: readonly (readonly [bit: number, word: string])[] = [
  [PTE_W, 'writable'],
  [PTE_U, 'user'],
  [PTE_A, 'accessed'],
  [PTE_D, 'dirty'],
  [PTE_G, 'global'],
];

/** What an entry says, in words. */
export function entryText({ name, value }: WalkEntry): string {
  const low = Number(value & 0xffffffffn);
  if ((low & PTE_P) === 0) return 'not present';
  const words = FLAGS.filter(([bit]) => (low & bit) !== 0).map(([, word]) => word);
  const large = name !== 'PTE' && (low & PTE_PS) !== 0 ? ['maps a page'] : [];
  return ['present', ...words, ...large, ...(value >> 63n ? ['execute-disable'] : [])].join(', ');
}
