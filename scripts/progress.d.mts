/** A stream that lines go to, as process.stderr is one. */
interface LineStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Progress {
  constructor(doing: string, stream?: LineStream, now?: () => number);
  tell(detail: string): void;
  end(done: string | null): void;
}
