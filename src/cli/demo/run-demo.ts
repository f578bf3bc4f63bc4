// The demo's scenes from request to exit status.

import { LostWriteError } from '../../mt/shadow.ts';
import type { Exit } from '../../vm/exit.ts';
import { run } from '../commands/run.ts';
import { ExitStatus } from '../exit-status.ts';
import type { CliIo } from '../io.ts';
import { folded } from '../folded.ts';
import { showSize } from '../values.ts';
import { COLUMNS } from './cycle-text.ts';
import { compareMethods } from './compare.ts';
import { compareCycleObject, compareEnd, compareEndObject, compareLines, compareTitles } from './compare-text.ts';
import type { DemoEnd } from './events.ts';
import { findGuest } from './guests.ts';
import type { Injection } from './inject.ts';
import { Interrupt } from './interrupt.ts';
import type { DemoRequest, DirtierOptions, ProofRequest, TrackedWork } from './options.ts';
import { playScene } from './scene.ts';
import { chooseView } from './views.ts';

/** Exit status when what is to be shown does not hold: a lost write, a cycle that does not rebuild, methods that disagree. */
const PROOF_FAILED = 1;

/** Does what was asked for and returns the exit status. */
export async function runDemo(request: DemoRequest, io: CliIo): Promise<number> {
  if (request.scene === 'guest') {
    const { name, memory, engine, json } = request;
    return run.invoke([findGuest(name).path, `--memory=${showSize(memory)}`, `--engine=${engine}`, ...(json ? ['--json'] : [])], io);
  }
  if (request.scene === 'proof') return prove(request, io);
  const interrupt = new Interrupt(io);
  try {
    return request.scene === 'tracked' ? await track(request.work, io, interrupt) : await compare(request.work, io, interrupt);
  } finally {
    interrupt.dispose();
  }
}

async function track(work: TrackedWork, io: CliIo, interrupt: Interrupt): Promise<number> {
  const view = chooseView(io, work.json);
  let end: DemoEnd;
  try {
    end = await playScene(work, (event) => view.show(event), interrupt.signal);
  } finally {
    view.close();
  }
  if (end.failure !== null) return fail(io, end.failure);
  const wrong = end.rebuilt?.wrong[0];
  if (wrong !== undefined) return fail(io, `cycle ${wrong} does not rebuild to the memory it was taken from`);
  if (work.injection && end.how === 'guest') return fail(io, notFound(work.injection));
  return end.how === 'interrupted' ? interrupt.status! : guestStatus(end.exit, io);
}

/** A proof that passes with a mistake built in proves nothing. */
const notFound = ({ name }: Injection): string =>
  `the mistake ${name} was built in, and nothing showed it: the guest did not come to where it matters`;

/** Plays a proof's scene twice: without the mistake it must pass, with the mistake it must fail. */
function prove({ injection, proof, tracking, engine, json }: ProofRequest, io: CliIo): number {
  const sound = proof.run({ tracking, engine });
  const failure = proof.run({ tracking, engine, wrap: injection.wrap });
  const { name } = injection;
  if (json) io.stdout.write(`${JSON.stringify({ scene: proof.scene, mistake: name, withoutIt: sound, withIt: failure })}\n`);
  else print(io, [`the scene: ${proof.scene}`, `without the mistake: ${sound ?? 'everything holds'}`]);
  return fail(io, sound ?? failure ?? notFound(injection));
}

/** As `run` has it: 0, isa-debug-exit's status, or a triple fault. */
function guestStatus(exit: Exit | null, io: CliIo): number {
  if (exit?.kind === 'debug-exit') return fail(io, `the guest failed with code ${exit.value}`, ((exit.value << 1) | 1) & 255);
  return exit?.kind === 'shutdown' ? fail(io, 'the guest ended with a triple fault', ExitStatus.TRIPLE_FAULT) : ExitStatus.OK;
}

function fail(io: CliIo, why: string, status: number = PROOF_FAILED): number {
  print(io, [`tidemark: ${why}`]);
  return status;
}

/** Lines on stderr, folded where they are too wide. */
function print(io: CliIo, lines: readonly string[]): void {
  io.stderr.write(lines.map((line) => `${folded(line, COLUMNS).join('\n')}\n`).join(''));
}

async function compare(work: DirtierOptions, io: CliIo, interrupt: Interrupt): Promise<number> {
  const printObject = (object: object): void => void io.stdout.write(`${JSON.stringify(object)}\n`);
  if (!work.json) print(io, compareTitles());
  try {
    const end = await compareMethods(work, interrupt.signal, (cycle, console) => {
      if (work.json) return printObject(compareCycleObject(cycle));
      if (console) io.stdout.write(console);
      print(io, compareLines(cycle));
    });
    if (work.json) printObject(compareEndObject(end));
    else print(io, compareEnd(end));
    if (!end.holds) return PROOF_FAILED;
    return end.interrupted ? interrupt.status! : guestStatus(end.exit, io);
  } catch (error) {
    if (error instanceof LostWriteError) return fail(io, error.message);
    throw error;
  }
}
