// All subcommands, in the groups that help shows them in.

import type { Command } from './command.ts';
import { bench } from './commands/bench.ts';
import { completion } from './commands/completion.ts';
import { demo } from './commands/demo.ts';
import { help } from './commands/help.ts';
import { inspect } from './commands/inspect.ts';
import { qemu } from './commands/qemu.ts';
import { replay } from './commands/replay.ts';
import { restore } from './commands/restore.ts';
import { run } from './commands/run.ts';
import { test } from './commands/test.ts';
import type { CommandGroup } from './help.ts';

export const COMMAND_GROUPS: readonly CommandGroup<Command>[] = [
  { title: 'Run a guest', commands: [run, qemu, test, restore, replay] },
  { title: 'Look', commands: [inspect, demo, bench] },
  { title: 'Help', commands: [help(() => COMMAND_GROUPS), completion(() => COMMANDS)] },
];

export const COMMANDS: readonly Command[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
