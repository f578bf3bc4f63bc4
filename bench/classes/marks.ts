// What a run of guests/bench prints, taken apart as it comes: `bench: start`, `NAME: start` and `NAME: CHECKSUM [N us]` for each class,
// `bench: done`. Whoever watches a run takes the processor time at each of these lines.

/** Seconds of processor time: of all threads of a process, and of its main thread where the host tells. */
export interface CpuTime {
  readonly all: number;
  readonly main: number | null;
}

export interface Mark {
  readonly name: string;
  readonly checksum: string;
  readonly spent: CpuTime;
  /** Seconds that the guest itself counted, or null. */
  readonly counted: number | null;
}

/** What a run came to. */
export interface Outcome {
  /** From the watch's beginning to the benchmark's first line. */
  readonly boot: CpuTime;
  readonly marks: readonly Mark[];
}

const LINE = /^(\w+): (?:(start|done)|([0-9a-f]{8})(?: (\d+) us)?)$/;
const NONE: CpuTime = { all: 0, main: null };

const minus = (a: CpuTime, b: CpuTime): CpuTime => ({
  all: a.all - b.all,
  main: a.main === null || b.main === null ? null : a.main - b.main,
});

/** Collects marks from output. `now` is asked at once, and at each line that begins or ends a class. */
export class Watch {
  /** Whether the last line has come. */
  done = false;
  /** What came that the benchmark does not print: a kernel's messages, or why there is no more. */
  other = '';
  private boot = NONE;
  private readonly marks: Mark[] = [];
  private line = '';
  private started: CpuTime;
  private readonly begun: CpuTime;

  constructor(private readonly now: () => CpuTime) {
    this.begun = now();
    this.started = this.begun;
  }

  get outcome(): Outcome {
    return { boot: this.boot, marks: this.marks };
  }

  add(text: string): void {
    for (const character of text) {
      if (character === '\n') this.end();
      else if (character !== '\r') this.line += character;
    }
  }

  private end(): void {
    const match = LINE.exec(this.line);
    const [, name, word, checksum, counted] = match ?? [];
    if (!match) this.other += `${this.line}\n`;
    else if (word === 'done') this.done = true;
    else if (word === 'start') {
      this.started = this.now();
      if (name === 'bench') this.boot = minus(this.started, this.begun);
    } else {
      const spent = minus(this.now(), this.started);
      this.marks.push({ name: name!, checksum: checksum!, spent, counted: counted === undefined ? null : Number(counted) / 1e6 });
    }
    this.line = '';
  }
}
