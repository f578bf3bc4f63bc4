// The demo for programs: one line of JSON for each cycle, one for its end. 64-bit numbers are strings.

import type { Phases } from '../../checkpoint/phase-times.ts';
import type { CliIo } from '../io.ts';
import type { DemoCycle, DemoEnd, DemoEvent, DemoView } from './events.ts';

export class JsonView implements DemoView {
  /** What the guest has printed since the last line; it goes out with the next. */
  private serial = '';

  constructor(private readonly stdout: CliIo['stdout']) {}

  show(event: DemoEvent): void {
    if (event.kind === 'serial') this.serial += Buffer.from(event.bytes).toString('latin1');
    if (event.kind === 'cycle') this.line(cycleObject(event.cycle));
    if (event.kind === 'end') this.line(endObject(event.end));
  }

  close(): void {}

  private line(object: object): void {
    this.stdout.write(`${JSON.stringify({ ...object, serial: this.serial })}\n`);
    this.serial = '';
  }
}

const cycleObject = ({ cpid, exit, dirty, gfns, retired, pmlFullest, pmlFullExits, eptViolations, phases }: DemoCycle): object => ({
  cycle: cpid,
  exit: exit.kind,
  dirty,
  copied: gfns.length,
  retired,
  pmlFullest,
  pmlFullExits,
  eptViolations,
  microseconds: rounded(phases),
  gfns,
});

const rounded = (phases: Phases): object => Object.fromEntries(Object.entries(phases).map(([name, value]) => [name, Math.round(value)]));

function endObject({
  how,
  exit,
  cycles,
  reported,
  retired,
  pages,
  compared,
  rebuilt,
  failure,
  lost,
  milliseconds,
  proof,
}: DemoEnd): object {
  return {
    end: how,
    exit: exit?.kind ?? null,
    cycles,
    reported,
    retired: `${retired}`,
    pages,
    compared,
    rebuilt,
    failure,
    lostWrite: lost && { gfn: lost.gfn, cycle: `${lost.cycle}`, offset: lost.offset, expected: lost.expected, actual: lost.actual },
    milliseconds: Math.round(milliseconds),
    proofMilliseconds: Math.round(proof),
  };
}
