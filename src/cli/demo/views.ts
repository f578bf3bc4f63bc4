// Which view shows the demo: by what the streams are.

import type { CliIo } from '../io.ts';
import type { DemoView } from './events.ts';
import { JsonView } from './json-view.ts';
import { PlainView } from './plain-view.ts';
import { TerminalView } from './terminal-view.ts';

/** JSON if asked for, the map on a terminal that can move its cursor, lines elsewhere. */
export function chooseView(io: CliIo, json: boolean): DemoView {
  if (json) return new JsonView(io.stdout);
  return io.stderr.isTTY === true && io.env['TERM'] !== 'dumb' ? new TerminalView(io) : new PlainView(io);
}
