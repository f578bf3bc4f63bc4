// A reference for memory tracking in sets and arrays: what mt.md says of marks, entries and arming, and nothing else.

export class Model {
  /** One list per source, the host's last. */
  readonly lists: number[][];
  private readonly marks = new Map<number, Set<number>>();
  /** Pages whose next guest store is noticed. */
  private readonly armed = new Set<number>();
  private readonly unarmed = new Set<number>();
  private reported = new Set<number>();
  quiesced = false;
  dirty = 0;

  constructor(
    private readonly vcpus: number,
    pages: number,
    private readonly noDups: boolean,
  ) {
    this.lists = Array.from({ length: vcpus + 1 }, () => []);
    for (let gfn = 0; gfn < pages; gfn++) this.armed.add(gfn);
  }

  store(vcpu: number, gfn: number): void {
    if (this.armed.delete(gfn)) this.log(vcpu, gfn, this.marksOf(gfn));
  }

  hostWrite(gfn: number): void {
    this.log(this.vcpus, gfn, this.quiesced ? this.waitingFor(gfn) : this.marksOf(gfn));
  }

  private log(source: number, gfn: number, seen: Set<number>): void {
    if (this.noDups ? seen.size > 0 : seen.has(source)) return;
    this.push(source, gfn);
    this.dirty++;
  }

  private push(source: number, gfn: number): void {
    this.marksOf(gfn).add(source);
    this.lists[source].push(gfn);
  }

  fetch(count: number, rearm: boolean): number[] {
    const out: number[] = [];
    for (const source of [this.vcpus, ...Array(this.vcpus).keys()]) out.push(...this.lists[source].splice(0, count - out.length));
    for (const gfn of out) this.reported.add(gfn);
    for (const gfn of out) {
      if (rearm) this.arm(gfn);
      else this.unarmed.add(gfn);
    }
    return out;
  }

  rearm(): number {
    const { size } = this.unarmed;
    for (const gfn of [...this.unarmed]) this.arm(gfn);
    return size;
  }

  prepare(): void {
    this.rearm();
    this.quiesced = false;
    this.reported = new Set();
    this.dirty = this.waiting;
  }

  abort(): void {
    for (const gfn of this.reported) if (this.waitingFor(gfn).size === 0) this.push(this.vcpus, gfn);
    this.reported = new Set();
  }

  /** Deleted and added again at once: entries gone, all pages reported. */
  replaceSlot(gfn: number, count: number): void {
    const inside = (page: number): boolean => page >= gfn && page < gfn + count;
    this.lists.forEach((list, source) => {
      this.lists[source] = list.filter((page) => !inside(page));
    });
    for (let page = gfn; page < gfn + count; page++) {
      this.marks.delete(page);
      this.unarmed.delete(page);
      this.reported.delete(page);
    }
    for (let page = gfn; page < gfn + count; page++) this.hostWrite(page);
  }

  get waiting(): number {
    return this.lists.reduce((sum, list) => sum + list.length, 0);
  }

  private arm(gfn: number): void {
    this.armed.add(gfn);
    this.unarmed.delete(gfn);
    this.marks.set(gfn, this.waitingFor(gfn));
  }

  private waitingFor(gfn: number): Set<number> {
    return new Set([...this.lists.keys()].filter((source) => this.lists[source].includes(gfn)));
  }

  private marksOf(gfn: number): Set<number> {
    let marks = this.marks.get(gfn);
    if (!marks) this.marks.set(gfn, (marks = new Set()));
    return marks;
  }
}
