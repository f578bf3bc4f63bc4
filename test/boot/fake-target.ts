import type { BootTarget, EntryState } from '../../src/boot/target.ts';

const PAGE = 4096;

/** RAM as sparse pages. Fails a write outside RAM; unless told otherwise RAM starts out as 0xEE, so that missing zeroing shows. */
export class FakeTarget implements BootTarget {
  entry: EntryState | null = null;
  writes = 0;
  private readonly pages = new Map<number, Uint8Array>();

  constructor(
    readonly memory: BootTarget['memory'] = [
      { base: 0, size: 64 * 2 ** 20 },
      { base: 2 ** 32, size: 16 * 2 ** 20 },
    ],
  ) {}

  write(gpa: number, bytes: Uint8Array): void {
    const inRam = this.memory.some(({ base, size }) => gpa >= base && gpa + bytes.length <= base + size);
    if (!inRam) throw new RangeError(`write outside RAM at ${gpa}`);
    this.writes++;
    for (let done = 0; done < bytes.length; ) {
      const at = gpa + done;
      const piece = bytes.subarray(done, done + PAGE - (at % PAGE));
      this.page(Math.floor(at / PAGE)).set(piece, at % PAGE);
      done += piece.length;
    }
  }

  setEntry(state: EntryState): void {
    this.entry = state;
  }

  read(gpa: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.page(Math.floor((gpa + i) / PAGE))[(gpa + i) % PAGE]!);
  }

  u32(gpa: number): number {
    return new DataView(this.read(gpa, 4).buffer).getUint32(0, true);
  }

  u64(gpa: number): number {
    return Number(new DataView(this.read(gpa, 8).buffer).getBigUint64(0, true));
  }

  string(gpa: number): string {
    let text = '';
    for (let at = gpa; ; at++) {
      const byte = this.read(at, 1)[0]!;
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }

  private page(number: number): Uint8Array {
    let page = this.pages.get(number);
    if (!page) this.pages.set(number, (page = new Uint8Array(PAGE).fill(0xee)));
    return page;
  }
}
