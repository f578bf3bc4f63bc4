/** A terminal's extras, present only when the stream is one. */
interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}
interface TerminalOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type SignalListener = (signal: 'SIGINT' | 'SIGTERM') => void;

/** What a command may touch of the process that it runs in; tests give it streams of their own. */
export interface CliIo {
  readonly stdin: NodeJS.ReadableStream & TerminalInput;
  /** The guest's serial console, or what was asked for by --help, --version or --json; nothing else. */
  readonly stdout: NodeJS.WritableStream & TerminalOutput;
  /** Everything meant for people. */
  readonly stderr: NodeJS.WritableStream & TerminalOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Signals to the process, where it is one that gets them. */
  once?(signal: 'SIGINT' | 'SIGTERM', listener: SignalListener): unknown;
  off?(signal: 'SIGINT' | 'SIGTERM', listener: SignalListener): unknown;
}
