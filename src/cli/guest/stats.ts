// --stats: what the machine counted.

import { INTERNALS } from '../../base/internals.ts';
import { Translator } from '../../cpu/translator/translator.ts';
import type { MtStats, VerifyStats } from '../../mt/stats.ts';
import type { Vm } from '../../vm/vm.ts';
import { vectorName } from './vector-names.ts';

export interface RunStats {
  readonly instructions: number;
  readonly seconds: number;
  readonly mips: number;
  /** Retired instructions by engine. */
  readonly engines: Readonly<Record<string, number>>;
  readonly vcpus: readonly { readonly instructions: number; readonly activity: string }[];
  /** Times the machine came back, by reason; `eptViolations` and `pmlFull` are the internal ones. */
  readonly exits: Readonly<Record<string, number>>;
  readonly tlbMisses: number;
  readonly writeMisses: number;
  readonly guestWalks: number;
  /** Delivered, by name. */
  readonly exceptions: Readonly<Record<string, number>>;
  /** Null if tracking was never on. */
  readonly mt: MtStats | null;
}

/** Counts exits as they come. */
export class ExitCounts {
  readonly byKind: Record<string, number> = {};

  count(kind: string): void {
    this.byKind[kind] = (this.byKind[kind] ?? 0) + 1;
  }
}

export interface StatsInput {
  readonly vm: Vm;
  /** Instructions retired before this run began (a resumed machine). */
  readonly before: bigint;
  readonly seconds: number;
  readonly exits: ExitCounts;
  readonly mt: MtStats | null;
}

export function collectStats({ vm, before, seconds, exits, mt }: StatsInput): RunStats {
  const instructions = Number(vm.retired - before);
  const { eptViolations, pmlFull, tlbMisses, writeMisses, guestWalks } = vm.counters();
  const exceptions: Record<string, number> = {};
  for (const { exceptionCounts } of vm[INTERNALS].cpus) {
    exceptionCounts.forEach((count, vector) => {
      if (count > 0) exceptions[vectorName(vector)] = (exceptions[vectorName(vector)] ?? 0) + count;
    });
  }
  return {
    instructions,
    seconds,
    mips: seconds > 0 ? instructions / seconds / 1e6 : 0,
    engines: enginesOf(vm, instructions),
    vcpus: vm.vcpus.map(({ retired, activity }) => ({ instructions: Number(retired), activity })),
    exits: { ...exits.byKind, eptViolations, pmlFull },
    tlbMisses,
    writeMisses,
    guestWalks,
    exceptions,
    mt,
  };
}

/** The translator leaves cold code to its interpreter. */
function enginesOf(vm: Vm, instructions: number): Record<string, number> {
  const { engine } = vm[INTERNALS];
  if (!(engine instanceof Translator)) return { [engine.name]: instructions };
  const { translated, interpreted } = engine.retired;
  return { translator: translated, interpreter: interpreted };
}

const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** The same for people. */
export function statsText(stats: RunStats): string[] {
  const { instructions, seconds, mips, engines, vcpus, exits, tlbMisses, writeMisses, guestWalks, exceptions, mt } = stats;
  const percent = (count: number): string => (instructions > 0 ? ((100 * count) / instructions).toFixed(1) : '0');
  const shares = Object.entries(engines).map(([name, count]) => `${name} ${percent(count)} %`);
  return [
    `instructions  ${instructions} in ${seconds.toFixed(3)} s, ${mips.toFixed(1)} MIPS; ${shares.join(', ')}`,
    ...(vcpus.length > 1 ? [`vcpus         ${vcpus.map((vcpu, n) => `${n}: ${vcpu.instructions} (${vcpu.activity})`).join(', ')}`] : []),
    `exits         ${list(exits)}`,
    `tlb           ${tlbMisses} misses (${writeMisses} for writes), ${guestWalks} guest page walks`,
    `exceptions    ${list(exceptions)}`,
    ...(mt ? trackingText(mt) : []),
  ];
}

function trackingText({ total, verify }: MtStats): string[] {
  const { entries, duplicatesSuppressed, fetched, fetches, rearmed, hostWrites, carried, lateRearmed, reportedAgain } = total;
  return [
    `tracking      ${entries} entries, ${duplicatesSuppressed} duplicates suppressed, ${fetched} fetched by ${fetches} fetches, ` +
      `${rearmed} re-armed`,
    `              ${hostWrites} host writes, ${carried} carried, ${lateRearmed} re-armed late, ${reportedAgain} reported again`,
    ...(verify ? [verifyText(verify)] : []),
  ];
}

const verifyText = ({ compared, reported, unchanged }: VerifyStats): string =>
  `verify        ${compared} comparisons, ${reported} pages reported, ${unchanged} of them unchanged`;
