// The guest programs that the page offers. Their images lie beside it, in guests/.

export interface WebGuest {
  /** Also the name of the image, without its ending. */
  readonly id: string;
  readonly about: string;
  /** The command line that the page proposes. */
  readonly append: string;
  /** Dirty pages that end a cycle, as the page proposes it. */
  readonly dirtyTrigger: number;
  /** vCPUs, all of which start at the entry point. */
  readonly vcpus?: number;
}

const both = (name: string, guest: Omit<WebGuest, 'id'>): WebGuest[] => [
  { ...guest, id: `${name}-64`, about: `${guest.about} (64-bit)` },
  { ...guest, id: `${name}-32`, about: `${guest.about} (32-bit)` },
];

export const WEB_GUESTS: readonly WebGuest[] = [
  ...both('dirtier', {
    about: 'dirties pages in seven patterns',
    append: 'pattern=mixed pages=1024 iterations=56 rate=64',
    dirtyTrigger: 96,
  }),
  { id: 'kernel64', about: 'a kernel that checks the machine from inside (64-bit)', append: 'hz=1000', dirtyTrigger: 16 },
  { id: 'kernel32', about: 'the same in 32-bit mode', append: 'hz=1000', dirtyTrigger: 16 },
  ...both('sieve', { about: 'counts primes', append: 'scale=4', dirtyTrigger: 256 }),
  ...both('sort', { about: 'sorts', append: 'scale=4', dirtyTrigger: 256 }),
  ...both('sha256', { about: 'hashes', append: 'scale=4', dirtyTrigger: 256 }),
  { id: 'smp64', about: 'four vCPUs count together', append: 'cpus=4', dirtyTrigger: 256, vcpus: 4 },
  { id: 'v8086-monitor', about: 'an 8086 program in virtual-8086 mode', append: '', dirtyTrigger: 16 },
  { id: 'task-switch', about: 'hardware tasks', append: '', dirtyTrigger: 16 },
  { id: 'triple-fault', about: 'faults until the processor shuts down', append: '', dirtyTrigger: 256 },
];

/** The guest of that id. RangeError for any other. */
export function webGuest(id: string): WebGuest {
  const found = WEB_GUESTS.find((guest) => guest.id === id);
  if (!found) throw new RangeError(`there is no guest '${id}'`);
  return found;
}
