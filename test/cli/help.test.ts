import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { collectingIo } from './streams.ts';

async function help(...argv: string[]): Promise<string> {
  const { io, stdout } = collectingIo();
  await main([...argv, '--help'], io);
  return stdout();
}

describe('help', () => {
  it('of the whole', async () =>
    expect(await help()).toMatchInlineSnapshot(`
      "Usage: tidemark COMMAND [arguments]

      An x86 machine that always knows which pages changed.

      Commands:
        run        run a guest
        test       run many guests side by side and say which passed
        restore    resume a guest from its checkpoints
        replay     run a recorded guest again, to the bit
        inspect    say what is in an image or a directory of checkpoints
        demo       run a built-in guest; without a name, watch which of its pages change
        bench      measure this checkout, beside its peers where they are installed

      Each command explains itself: tidemark COMMAND --help. Also: --help, --version.
      "
    `));
  it('of run', async () =>
    expect(await help('run')).toMatchInlineSnapshot(`
      "Usage: tidemark run [IMAGE] [options]

      IMAGE is recognised by its content: Linux bzImage, ELF (multiboot, PVH or plain), a disk with a boot
      sector (booted by a BIOS; the file is not changed), other multiboot 1 or 2; raw bytes with --at.
      --kernel, --disk and --floppy say what a file is. With --bios none is needed, and raw bytes are put
      where --at says for the firmware to find.

      The exit status is 0 when the guest halted with interrupts off or asked for a reset, ((v << 1) | 1)
      & 255 when it wrote v to port 0xF4, 124 at a limit, 125 for bad usage or input, 126 after a triple
      fault, 70 for an internal error, a lost write that --verify finds among them, 74 in place of 0 when
      checkpoints could not be kept.

      On a terminal Ctrl-A x quits. Files that the run writes have their names only when it has ended.

      Options:
        --kernel F                        Linux, multiboot or PVH kernel, even if its first sector could
                                          be that of a disk
        --disk F                          fixed disk to boot, whatever else is in it
        --floppy F                        diskette to boot; what it lacks to a standard size reads as
                                          zeros
        --append S                        the kernel's command line
        --initrd F                        Linux's initial RAM disk; the first module of other kernels
        --module F                        multiboot module; may be repeated
        --bios F                          firmware: a ROM image, mapped below 4 GiB and copied below 1
                                          MiB; the machine starts at its reset vector
        --option-rom F                    an expansion ROM for that firmware, from 0xC0000 on; may be
                                          repeated
        --at GPA                          load IMAGE as raw bytes at this guest-physical address and start
                                          there
        --memory SIZE                     guest RAM, up to 3G (default: 128M)
        --cpus N                          number of vCPUs (default: 1)
        --enter-all                       every vCPU starts at the entry point, its index in RSI;
                                          otherwise only the first starts
        --record F                        write what reaches the guest from outside into F, for \`tidemark
                                          replay\`
        --engine auto|interpreter|translator
                                          what executes guest code; auto translates what is hot (default:
                                          auto)
        --tracking none|write-protect|pml
                                          how the machine notices writes (default: none; pml with
                                          checkpoints)
        --checkpoint-to DIR               write incremental checkpoints into DIR while the guest runs
        --checkpoint-every INTERVAL       time, instructions or dirty pages between checkpoints: 50ms,
                                          1000000insns, 512pages; without --checkpoint-to they are kept in
                                          memory (default: 50ms, or by --dirty-trigger alone)
        --dirty-trigger N                 also end a cycle when N pages are dirty; 0 for never (default:
                                          0)
        --max-dirty N                     most dirty pages a cycle may have (default: the machine's pages)
        --verify                          after every cycle compare all memory and fail if a write went
                                          unreported; at the end rebuild every cycle
        --serial stdio|file:PATH|none     where the first serial port leads (default: stdio)
        --screen                          show the PC's text screen on stderr, live if it is a terminal;
                                          what is typed goes to the PC keyboard
        --debugcon F                      write what the guest sends to port 0xE9 into F
        --timeout SECONDS                 stop with status 124 after so much wall-clock time
        --max-instructions N              stop with status 124 after N retired instructions
        --expect REGEX                    end with status 0 when the guest has printed this, on its serial
                                          port or debug console; may be repeated: one after the other;
                                          status 2 if the guest ends before
        --fail-on REGEX|panic             end with status 4 when the guest prints this; may be repeated;
                                          panic: what the kernels of Linux and others print that give up
        --keep-running                    with --expect: let the guest run to its end, whose status
                                          counts, when all has been seen
        --junit F                         write the results of tests that the guest prints (\`ok NAME\`,
                                          \`not ok NAME\`: TAP) into F as JUnit XML
        --tap[=F]                         the same as TAP, into F, or on stdout, or on stderr if the
                                          serial port has stdout
        --trace events|instructions[=FILE]
                                          one line for each, on stderr or into FILE
        --stats[=FILE]                    counters at the end, on stderr or into FILE
        --json                            the outcome, and --stats, in machine-readable form: one line on
                                          stdout, or on stderr if the serial port has stdout
        -h, --help                        this text
      "
    `));
  it('fits 100 columns', async () => {
    for (const line of (await help('run')).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});
