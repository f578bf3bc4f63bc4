// Where the guest's bytes go: COM1 to stdout, a file or nowhere; port 0xE9 to stdout or a file.

import type { CliIo } from '../io.ts';
import type { DebugTarget, SerialTarget } from '../values.ts';
import type { RunFile, RunFiles } from './run-files.ts';

/** When so many bytes are kept, they go to stdout even while a slice runs. */
const BUFFER = 16384;
/** Most parts that are kept while stdout is held; beyond that the oldest are dropped. */
const MOST_HELD = 4096;

/** Bytes for a stream that may be slower than the guest. */
class StreamSink {
  private readonly buffer = new Uint8Array(BUFFER);
  private used = 0;
  private full = false;
  private held: Uint8Array[] | null = null;

  constructor(private readonly stream: NodeJS.WritableStream) {}

  byte(byte: number): void {
    this.buffer[this.used++] = byte;
    if (this.used === BUFFER) this.write();
  }

  private write(): void {
    if (this.used === 0) return;
    const bytes = this.buffer.slice(0, this.used);
    this.used = 0;
    if (this.held === null) this.send(bytes);
    else if (this.held.push(bytes) > MOST_HELD) this.held.shift();
  }

  private send(bytes: Uint8Array): void {
    if (!this.stream.write(bytes)) this.full = true;
  }

  hold(): void {
    this.held ??= [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const bytes of held) this.send(bytes);
  }

  /** Hands over what is kept; resolves when the stream can take more. */
  async flush(): Promise<void> {
    this.write();
    if (!this.full) return;
    this.full = false;
    await new Promise<void>((resolve) => this.stream.once('drain', resolve));
  }
}

export class GuestOutputs {
  private stdout: StreamSink | null = null;
  private serialFile: RunFile | null = null;
  private debugFile: RunFile | null = null;

  /** Nothing is opened yet, so that bad input is found before any file is touched. */
  constructor(
    private readonly target: SerialTarget,
    private readonly debugcon: DebugTarget | null,
    private readonly io: CliIo,
  ) {}

  /** Opens the files, before the guest runs. Errors as `RunFiles.open`. */
  open(files: RunFiles): void {
    const { target, debugcon } = this;
    if (target.kind === 'stdio' || debugcon?.kind === 'stdio') this.stdout = new StreamSink(this.io.stdout);
    if (target.kind === 'file') this.serialFile = files.open(target.path);
    if (debugcon?.kind === 'file') this.debugFile = files.open(debugcon.path);
  }

  readonly serial = (byte: number): void => {
    if (this.target.kind === 'stdio') this.stdout?.byte(byte);
    else this.serialFile?.byte(byte);
  };

  readonly debug = (byte: number): void => {
    if (this.debugcon?.kind === 'stdio') this.stdout?.byte(byte);
    else this.debugFile?.byte(byte);
  };

  /** Keeps what is for stdout back, until `release`. */
  hold(): void {
    this.stdout?.hold();
  }

  release(): void {
    this.stdout?.release();
  }

  async flush(): Promise<void> {
    await this.stdout?.flush();
  }
}
