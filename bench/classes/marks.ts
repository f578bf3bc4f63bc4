// What a run of guests/bench prints, taken apart as it comes: `NAME: start` and `NAME: CHECKSUM [N us]` for each class, then
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
}

const LINE = /^(\w+): (?:(start|done)|([0-9a-f]{8})(?: (\d+) us)?)$/;

const minus = (a: CpuTime, b: CpuTime): CpuTime => ({
  all: a.all - b.all,
  main: a.main === null || b.main === null ? null : a.main - b.main,
});

/** Collects marks from output. `now` is asked at each line that begins or ends a class. */
export class Marks {
  readonly found: Mark[] = [];
  /** Whether the last line has come. */
  done = false;
  /** What came that no class prints: a kernel's messages, or why there is no more. */
  other = '';
  private line = '';
  private started: CpuTime | null = null;

  constructor(private readonly now: () => CpuTime) {}

  add(text: string): void {
    for (const character of text) {
      if (character === '\n') this.end();
      else if (character !== '\r') this.line += character;
    }
  }

  private end(): void {
    const match = LINE.exec(this.line);
    const [, name, word, checksum, microseconds] = match ?? [];
    if (!match) this.other += `${this.line}\n`;
    else if (word === 'start') this.started = this.now();
    else if (word === 'done') this.done = true;
    else if (this.started) {
      const own = microseconds === undefined ? null : Number(microseconds) / 1e6;
      const spent = own === null ? minus(this.now(), this.started) : { all: own, main: own };
      this.found.push({ name: name!, checksum: checksum!, spent });
    }
    this.line = '';
  }
}
