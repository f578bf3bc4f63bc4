// What QEMU's options come to, gathered one by one, and the command line of `tidemark run` that is the same.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';

/** Where QEMU's character devices lead, as `--serial` says it. */
export type Target = 'stdio' | 'none' | `file:${string}`;

/** What `-d` names, and the trace that has it: null for what no trace has, and what needs none. */
const LOG_ITEMS: { readonly [item: string]: 'instructions' | 'events' | 'nothing' | null } = {
  in_asm: 'instructions',
  exec: 'instructions',
  cpu: 'instructions',
  fpu: 'instructions',
  int: 'events',
  pcall: 'events',
  mmu: 'events',
  // The registers are shown at a triple fault.
  cpu_reset: 'nothing',
  nochain: 'nothing',
  guest_errors: null,
  unimp: null,
  op: null,
  op_opt: null,
  op_ind: null,
  out_asm: null,
  page: null,
  vpu: null,
  plugin: null,
  strace: null,
};

export class Plan {
  dryRun = false;
  /** For stderr: what has no counterpart, and makes no difference to most guests. */
  readonly notes: string[] = [];
  /** Of `-chardev`, by id. */
  readonly characterDevices = new Map<string, Target>();
  logFile: string | null = null;
  private readonly words: string[] = [];
  private readonly serials: string[] = [];
  private readonly debugcons: string[] = [];
  private readonly media: (readonly [option: string, becomes: string, file: string])[] = [];
  private keepsDisks = false;
  private trace: 'instructions' | 'events' | null = null;
  private hasKernel = false;

  /** `check` throws InputError for a value that the option of `run` refuses. */
  constructor(private readonly check: (option: string, value: string) => void) {}

  /** An option of `run`, with its value if it takes one. */
  add(option: string, value: string | null = null): void {
    if (value !== null) this.check(option, value);
    this.hasKernel ||= option === '--kernel';
    // A value may begin with a dash.
    this.words.push(value === null ? option : `${option}=${value}`);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** COM1 leads to a character device that is written `text`. */
  serial(text: string): void {
    if (this.serials.length > 0 && text !== 'none' && text !== 'null') throw new InputError(`'${text}': the machine has one serial port`);
    this.serials.push(text);
  }

  debugcon(text: string): void {
    this.debugcons.push(text);
  }

  /** A disk or a diskette, asked for by `option`: `becomes` is how `run` is told. */
  medium(option: string, becomes: '--disk' | '--floppy', file: string): void {
    this.media.push([option, becomes, file]);
    if (this.media.length > 1) throw new InputError(`'${file}': the machine has one disk or diskette, which is '${this.media[0]![2]}'`);
  }

  /** What the guest writes to disks is not to reach their files. */
  keepDisks(): void {
    this.keepsDisks = true;
  }

  log(item: string): void {
    if (!Object.hasOwn(LOG_ITEMS, item)) {
      const known = Object.keys(LOG_ITEMS);
      throw new InputError(`'${item}' is not one of ${known.join(', ')}${didYouMean(item, known)}`);
    }
    const trace = LOG_ITEMS[item]!;
    if (trace === null) this.note(`-d ${item} is ignored: no trace has that`);
    else if (trace !== 'nothing') this.trace = this.trace === 'instructions' ? 'instructions' : trace;
  }

  /** The arguments of `tidemark run`; once, when all is known. */
  runArguments(): string[] {
    const [medium] = this.media;
    if (medium && this.hasKernel) throw new InputError(`option '${medium[0]}': beside -kernel there is no disk`);
    if (medium && !this.keepsDisks) this.note(`'${medium[2]}' is not changed: what the guest writes to it lasts as long as the run`);
    const debugcon = this.debugcons.at(-1);
    const debugTarget = debugcon === undefined ? 'none' : this.target('-debugcon', debugcon);
    // QEMU gives a serial port that is not asked for a window of its own.
    const serial = this.target('-serial', this.serials[0] ?? (debugTarget === 'stdio' ? 'none' : 'stdio'));
    return [
      ...this.words,
      ...(medium ? [`${medium[1]}=${medium[2]}`] : []),
      ...(serial === 'stdio' ? [] : [`--serial=${serial}`]),
      ...(debugTarget === 'none' ? [] : [`--debugcon=${debugTarget}`]),
      ...(this.trace === null ? [] : [`--trace=${this.trace}${this.logFile === null ? '' : `=${this.logFile}`}`]),
    ];
  }

  private target(option: string, text: string): Target {
    const id = text.startsWith('chardev:') ? text.slice('chardev:'.length) : null;
    if (id === null) {
      const target = targetOf(text);
      if (target === null) throw new InputError(`option '${option}': '${text}' is not stdio, mon:stdio, file:F, null, none or chardev:ID`);
      return target;
    }
    const target = this.characterDevices.get(id);
    if (target !== undefined) return target;
    throw new InputError(`option '${option}': there is no -chardev with id=${id}${didYouMean(id, [...this.characterDevices.keys()])}`);
  }
}

/** What a character device that is written `text` leads to; null if it can lead nowhere here. */
export function targetOf(text: string): Target | null {
  if (text === 'stdio' || text === 'mon:stdio') return 'stdio';
  if (text === 'none' || text === 'null' || text === 'vc') return 'none';
  return /^file:./s.test(text) ? (text as Target) : null;
}
