// `tidemark demo`: its options. The scenes are in ../demo.

import { defineCommand, withUsageHint } from '../command.ts';
import { demoNames } from '../demo/guests.ts';
import { OPTIONS, resolveDemo } from '../demo/options.ts';

export const demo = defineCommand(
  {
    name: 'demo',
    summary: 'run a built-in guest; without a name, watch which of its pages change',
    usage: '[NAME | compare] [options]',
    description: [
      'Without a NAME, a guest that writes to pages in several patterns runs under incremental checkpoints. A map shows which pages ' +
        'each cycle reported, and after every cycle all memory is compared: a page that was not reported must be byte-identical, and ' +
        'one that was must have been written. At the end each cycle is rebuilt from the base and the copied pages, and its hash compared.',
      'compare runs the same guest under write-protect, under PML and untracked, and shows what the methods report differently, and why.',
      '--inject builds a known mistake into the machine. It shows on the map or, where the guest does not come to what it concerns ' +
        '(a second vCPU, a memslot that is deleted, a fetch while the guest runs), in a small scene of its own, which runs without ' +
        'the mistake and then with it.',
      'Any other NAME is a guest from guests/, such as sieve or kernel32, with its console on stdout and the exit status of run.',
      'The exit status is 0 if all that is shown holds, 1 if it does not (as with any --inject), 125 for bad usage, 130 after ' +
        'Ctrl-C; a guest that fails gives the status of run.',
    ],
    options: OPTIONS,
    example: 'demo --inject lost-write',
    operands: demoNames,
  },
  async (values, positionals, io) => {
    const request = withUsageHint('demo', () => resolveDemo(values, positionals));
    const { runDemo } = await import('../demo/run-demo.ts');
    return runDemo(request, io);
  },
);
