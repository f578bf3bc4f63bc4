import { describe, expect, it } from 'vitest';
import { expected, forbidden, patternName } from '../../../src/cli/console/pattern.ts';
import { Watch } from '../../../src/cli/console/watch.ts';

function watching(expect: readonly string[], failOn: readonly string[] = []) {
  let times = 0;
  const watch = new Watch({ expect: expect.map(expected), failOn: failOn.map(forbidden) }, () => times++);
  const say = (text: string, console: 'serial' | 'debugcon' = 'serial'): number => {
    const bytes = Buffer.from(text);
    for (const [n, byte] of bytes.entries()) {
      watch[console](byte);
      if (watch.verdict !== null) return n + 1;
    }
    return -1;
  };
  return { watch, say, times: () => times };
}

describe('texts that are expected', () => {
  it('are seen one after the other, on either console, the last ending the run at its last byte', () => {
    const { watch, say, times } = watching(['one', 'two', '^three']);
    expect(say('two one ')).toBe(-1);
    expect(watch.missing?.text).toBe('two');
    expect(say('x two\n', 'debugcon')).toBe(-1);
    expect(watch.missing?.text).toBe('^three');
    expect(say('three\nthree!')).toBe(11);
    expect([watch.verdict, times()]).toEqual([{ kind: 'seen' }, 1]);
  });

  it('may follow one another in a line, and are not found twice in the same text', () => {
    const { say } = watching(['aba', 'ba']);
    expect(say('ababa')).toBe(5);
  });

  it('are found through colours, and across bytes of one character', () => {
    expect(watching(['login:']).say('\x1b[1mlog\x1b[32min\x1b[0m: ')).toBeGreaterThan(0);
    expect(watching(['✓ ok']).say('✓ ok')).toBe(6);
  });

  it('that look at the end of the line are found when the guest ends without ending it', () => {
    const { watch, say } = watching(['done$']);
    expect(say('done')).toBe(-1);
    watch.end();
    expect(watch.verdict).toEqual({ kind: 'seen' });
  });

  it('that did not come: the last lines are kept, of both consoles', () => {
    const { watch, say } = watching(['never']);
    say('first\r\n\r\nsecond\nhalf');
    say('debug\n', 'debugcon');
    expect(watch.lastLines).toEqual(['first', 'second', 'debug', 'half']);
    say(Array.from({ length: 30 }, (_, n) => `${n}\n`).join(''));
    expect(watch.lastLines).toHaveLength(10);
    expect(watch.lastLines.at(-1)).toBe('29');
  });

  it('that any text matches are refused', () => expect(() => expected('a*')).toThrow("'a*' matches the empty text"));
});

describe('texts that must not come', () => {
  it('end the run with the line, also after all that was expected', () => {
    const { watch, say } = watching(['hello'], ['bad$']);
    say('hello');
    for (const byte of Buffer.from('\nso bad\n')) watch.serial(byte);
    expect(watch.verdict).toEqual({ kind: 'forbidden', pattern: 'bad$', line: 'so bad' });
  });

  // Lines as they were printed by the systems.
  it.each([
    ['Linux', '[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
    ['Linux', '[    0.412345][    T1] Oops: 0002 [#1] PREEMPT SMP NOPTI'],
    ['Linux', 'BUG: kernel NULL pointer dereference, address: 0000000000000000'],
    ['Linux', 'kernel BUG at mm/slub.c:305!'],
    ['FreeBSD', 'Fatal trap 12: page fault while in kernel mode'],
    ['FreeBSD', 'Fatal double fault'],
    ['FreeBSD, NetBSD, OpenBSD, xv6', 'panic: vm_fault: fault on nofault entry, addr: 0'],
    ['FreeBSD, NetBSD, OpenBSD, xv6', '[   1.0000030] panic: cpu_startup'],
    ['FreeBSD, NetBSD, OpenBSD, xv6', 'lapicid 0: panic: init exiting'],
    ['NetBSD', 'fatal page fault in supervisor mode'],
    ['illumos', 'panic[cpu0]/thread=fffffffffbc2f400: '],
    ['Xen', '(XEN) Panic on CPU 0:'],
    ['Zephyr', '[00:00:00.010,000] <err> os: >>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0'],
    ['seL4', 'seL4 called fail at /src/arch/x86/kernel/boot_sys.c:600 in function boot_sys, saying "boot_sys failed for some reason :("'],
    ['GRUB', 'grub rescue> '],
    ['Rust', 'panicked at src/main.rs:12:5: index out of bounds: the len is 3 but the index is 7'],
    ['kvm-unit-tests', 'Unhandled exception 13 #GP(0) at ip 000000000040522b'],
  ])('panic is what %s prints: %s', (system, line) => {
    const { watch, say } = watching([], ['panic']);
    expect(say(`booting\nno panic so far\n${line}`)).toBe(system === 'GRUB' ? Buffer.byteLength(`booting\nno panic so far\n${line}`) : -1);
    watch.end();
    expect(watch.verdict).toEqual({ kind: 'forbidden', pattern: 'panic', line });
    expect(patternName('panic', line)).toBe(`panic (${system})`);
  });

  it.each(['Command line: panic=1 console=ttyS0', 'DEBUG: all good', 'panic handler installed', 'test_panic: ok'])(
    'panic is not %s',
    (line) => {
      const { watch, say } = watching([], ['panic']);
      say(`${line}\n`);
      expect(watch.verdict).toBeNull();
    },
  );
});
