// How far a step that takes long is, on stderr. A terminal has one line that is written anew; a pipe, which may be a log, has a line at
// the step's start, one now and then, and one at its end.

/** Milliseconds between two looks at a terminal, and between two lines in a pipe. */
const LOOK_MS = 250;
const LINE_MS = 10_000;

const ERASE_LINE_REST = '\x1b[K';

/** `4.2 s`, whole above a minute. */
const seconds = (ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

export class Progress {
  #began;
  #said;
  #detail = '';
  #live;
  #timer = null;

  /** The step begins: `doing` says what is done. `now` gives milliseconds. */
  constructor(doing, stream = process.stderr, now = () => performance.now()) {
    this.doing = doing;
    this.stream = stream;
    this.now = now;
    this.#began = this.#said = now();
    this.#live = stream.isTTY === true;
    if (this.#live) {
      this.#timer = setInterval(() => this.#draw(), LOOK_MS);
      this.#timer.unref();
      this.#draw();
    } else this.#line(`${doing} ...`);
  }

  /** How far the step is, in words. */
  tell(detail) {
    this.#detail = detail;
    if (this.#live || this.now() - this.#said < LINE_MS) return;
    this.#said = this.now();
    this.#line(`${detail}, ${this.#elapsed()}`);
  }

  /** The step is over; `done` says what came of it. Null, if it failed, leaves that to whoever knows why. */
  end(done) {
    if (this.#live) {
      clearInterval(this.#timer);
      this.stream.write(`\r${ERASE_LINE_REST}`);
    }
    if (done !== null) this.#line(`${done} in ${this.#elapsed()}`);
  }

  #elapsed() {
    return seconds(this.now() - this.#began);
  }

  #line(text) {
    this.stream.write(`tidemark: ${text}\n`);
  }

  #draw() {
    const detail = this.#detail === '' ? '' : `${this.#detail}, `;
    const text = `tidemark: ${this.doing}: ${detail}${this.#elapsed()}`;
    this.stream.write(`\r${text.slice(0, (this.stream.columns || 80) - 1)}${ERASE_LINE_REST}`);
  }
}
