import { describe, expect, it } from 'vitest';
import { EPT_A, EPT_D, EPT_LEAF, EPT_R, EPT_W, EPT_X, isEptMisconfigured, isEptpValid } from '../../src/mmu/ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../src/mmu/ept-walk.ts';

const WB = 6 << 3;
const R = EPT_R;
const W = EPT_W;
const X = EPT_X;
const RWX = 7;

/** Hand-made tables in 16 pages of host memory: PML4 1, PDPT 2, PD 3, PT 4, data page 5; entries 0. */
function tables() {
  const u32 = new Uint32Array(16 * 1024);
  const set = (table: number, index: number, low: number, high = 0): void => {
    u32[table * 1024 + index * 2] = low;
    u32[table * 1024 + index * 2 + 1] = high;
  };
  const get = (table: number, index = 0): number => u32[table * 1024 + index * 2]!;
  set(1, 0, 0x2000 | RWX);
  set(2, 0, 0x3000 | RWX);
  set(3, 0, 0x4000 | RWX);
  set(4, 0, 0x5000 | RWX | WB);
  const result = new EptResult();
  const access = (gpa: number, kind: number, origin: number = EptOrigin.FINAL_PAGE, ad = false) =>
    eptAccess(u32, 0x1000 | 0x1e | (ad ? 0x40 : 0), gpa, kind, origin, null, result);
  return { set, get, result, access };
}

describe('EPTP', () => {
  it.each([
    [0x101e, 0, true, 'write-back, four levels'],
    [0x1018, 0, true, 'uncacheable'],
    [0x105e, 0, true, 'A/D enabled'],
    [0x101e, 0xff, true, 'address up to bit 39'],
    [0x101c, 0, false, 'memory type 4'],
    [0x1026, 0, false, 'walk length 5'],
    [0x109e, 0, false, 'bit 7 reserved'],
    [0x181e, 0, false, 'bit 11 reserved'],
    [0x101e, 0x100, false, 'bit 40 reserved'],
  ])('%#x high %#x valid: %s (%s)', (low, high, valid) => expect(isEptpValid(low, high)).toBe(valid));
});

describe('EPT misconfiguration', () => {
  it.each([
    // level, low, high, misconfigured, what
    [4, 0x2000 | RWX, 0, false, 'PML4E'],
    ...[3, 4, 5, 6, 7].map((bit) => [4, 0x2000 | RWX | (1 << bit), 0, true, `PML4E bit ${bit}`] as const),
    [4, 0x2000 | RWX | EPT_A, 0, false, 'PML4E A'],
    ...[3, 4, 5, 6].map((bit) => [3, 0x2000 | RWX | (1 << bit), 0, true, `PDPTE of a table, bit ${bit}`] as const),
    ...[3, 4, 5, 6].map((bit) => [2, 0x2000 | RWX | (1 << bit), 0, true, `PDE of a table, bit ${bit}`] as const),
    [3, RWX | WB | EPT_LEAF, 0, false, '1 GiB leaf'],
    [3, 0x40000000 | RWX | WB | EPT_LEAF, 0, false, '1 GiB leaf at 1 GiB'],
    ...[12, 20, 29].map((bit) => [3, (1 << bit) | RWX | WB | EPT_LEAF, 0, true, `1 GiB leaf, bit ${bit}`] as const),
    [2, 0x200000 | RWX | WB | EPT_LEAF | EPT_D, 0, false, '2 MiB leaf'],
    ...[12, 16, 20].map((bit) => [2, (1 << bit) | RWX | WB | EPT_LEAF, 0, true, `2 MiB leaf, bit ${bit}`] as const),
    [1, 0x5000 | RWX | WB | 0x40 | EPT_LEAF | 0xc00, 0, false, 'PTE: bits 6, 7, 10, 11'],
    ...[0, 1, 4, 5, 6].map((type) => [1, 0x5000 | RWX | (type << 3), 0, false, `memory type ${type}`] as const),
    ...[2, 3, 7].map((type) => [1, 0x5000 | RWX | (type << 3), 0, true, `memory type ${type}`] as const),
    [1, 0x5000 | W, 0, true, 'W without R'],
    [1, 0x5000 | W | X, 0, true, 'W and X without R'],
    [1, 0x5000 | X | WB, 0, false, 'execute-only'],
    [1, 0x5000 | RWX | WB, 0xff, false, 'address bits 39:32'],
    [1, 0x5000 | RWX | WB, 0x100, true, 'address bit 40'],
    [1, 0x5000 | RWX | WB, 0x80000, true, 'address bit 51'],
    [1, 0x5000 | RWX | WB, 0x80000000, false, 'bit 63, suppress #VE'],
  ] as const)('level %i entry %#x high %#x misconfigured %s: %s', (level, low, high, expected) => {
    expect(isEptMisconfigured(level, low, high)).toBe(expected);
  });

  it('is found before a violation, as the entries are met', () => {
    const t = tables();
    t.set(4, 0, 0x5000 | W);
    expect(t.access(0, EptAccess.READ)).toBe(EptOutcome.MISCONFIGURATION);
    t.set(2, 0, 0);
    expect(t.access(0, EptAccess.READ)).toBe(EptOutcome.VIOLATION);
  });

  it('is what a table outside of memory gives', () => {
    const t = tables();
    t.set(2, 0, 0x100000 | RWX);
    expect(t.access(0, EptAccess.READ)).toBe(EptOutcome.MISCONFIGURATION);
  });
});

describe('EPT violation', () => {
  const { READ, WRITE, FETCH } = EptAccess;
  it.each([
    // leaf rights, upper rights, access, origin, A/D, qualification or null for no violation
    [RWX, RWX, READ, EptOrigin.FINAL_PAGE, false, null],
    [R, RWX, WRITE, EptOrigin.FINAL_PAGE, false, 0x182 | (R << 3)],
    [RWX, R, WRITE, EptOrigin.FINAL_PAGE, false, 0x182 | (R << 3)],
    [R | W, RWX, FETCH, EptOrigin.FINAL_PAGE, false, 0x184 | ((R | W) << 3)],
    [R | W, R | X, WRITE, EptOrigin.FINAL_PAGE, false, 0x182 | (R << 3)],
    [X, RWX, READ, EptOrigin.FINAL_PAGE, false, 0x181 | (X << 3)],
    [X, RWX, FETCH, EptOrigin.FINAL_PAGE, false, null],
    [0, RWX, READ, EptOrigin.FINAL_PAGE, false, 0x181],
    [0, RWX, WRITE, EptOrigin.FINAL_PAGE, true, 0x182],
    [R, RWX, READ, EptOrigin.PAGING_STRUCTURE, false, null],
    [R, RWX, WRITE, EptOrigin.PAGING_STRUCTURE, false, 0x082 | (R << 3)],
    [R, RWX, READ, EptOrigin.PAGING_STRUCTURE, true, 0x083 | (R << 3)],
    [R, RWX, WRITE, EptOrigin.PAGING_STRUCTURE, true, 0x083 | (R << 3)],
    [R, RWX, READ, EptOrigin.PDPTE_LOAD, true, null],
    [0, RWX, READ, EptOrigin.PDPTE_LOAD, true, 0x001],
    [0, RWX, READ, EptOrigin.FINAL_PAGE | EptOrigin.NMI_UNBLOCKING, false, 0x1181],
  ] as const)('leaf %i, above %i, access %i, origin %#x, A/D %s: %s', (leaf, above, access, origin, ad, qualification) => {
    const t = tables();
    t.set(1, 0, 0x2000 | above);
    t.set(4, 0, leaf ? 0x5000 | leaf | WB : 0);
    const outcome = t.access(0x123, access, origin, ad);
    if (qualification === null) {
      expect(outcome).toBe(EptOutcome.OK);
      expect(t.result.host).toBe(0x5123);
    } else {
      expect(outcome).toBe(EptOutcome.VIOLATION);
      expect(t.result.qualification.toString(16)).toBe(qualification.toString(16));
      expect([t.get(1), t.get(2), t.get(3), t.get(4)].some((entry) => entry & (EPT_A | EPT_D))).toBe(false);
    }
  });
});

describe('EPT accessed and dirty bits', () => {
  const flags = (t: ReturnType<typeof tables>): number[] => [1, 2, 3, 4].map((table) => t.get(table) & (EPT_A | EPT_D));

  it('stay clear while the EPTP does not enable them', () => {
    const t = tables();
    t.access(0, EptAccess.WRITE);
    expect(flags(t)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [EptAccess.READ, EptOrigin.FINAL_PAGE, EPT_A],
    [EptAccess.FETCH, EptOrigin.FINAL_PAGE, EPT_A],
    [EptAccess.WRITE, EptOrigin.FINAL_PAGE, EPT_A | EPT_D],
    [EptAccess.READ, EptOrigin.PAGING_STRUCTURE, EPT_A | EPT_D],
    [EptAccess.READ, EptOrigin.PDPTE_LOAD, EPT_A],
  ])('access %i from %#x sets A everywhere and leaves %#x in the leaf', (access, origin, leaf) => {
    const t = tables();
    t.access(0, access, origin, true);
    expect(flags(t)).toEqual([EPT_A, EPT_A, EPT_A, leaf]);
  });

  it('are sticky, and D goes to the large leaf', () => {
    const t = tables();
    t.set(3, 0, RWX | WB | EPT_LEAF);
    t.access(0x5000, EptAccess.WRITE, EptOrigin.FINAL_PAGE, true);
    t.access(0x5000, EptAccess.READ, EptOrigin.FINAL_PAGE, true);
    expect(t.result.host).toBe(0x5000);
    expect(flags(t)).toEqual([EPT_A, EPT_A, EPT_A | EPT_D, 0]);
  });
});

describe('EPT leaf sizes', () => {
  it('add the low bits of the GPA to the leaf', () => {
    const t = tables();
    t.set(3, 1, 0x200000 | RWX | WB | EPT_LEAF);
    expect(t.access(0x200000 + 0x12345, EptAccess.READ)).toBe(EptOutcome.OK);
    expect(t.result.host).toBe(0x212345);
    t.set(2, 3, 0x40000000 | RWX | WB | EPT_LEAF);
    expect(t.access(0xc0000000 + 0x1234567, EptAccess.READ)).toBe(EptOutcome.OK);
    expect(t.result.host).toBe(0x41234567);
  });

  it('reach host addresses above 4 GiB', () => {
    const t = tables();
    t.set(4, 7, 0x5000 | RWX | WB, 3);
    expect(t.access(0x7123, EptAccess.READ)).toBe(EptOutcome.OK);
    expect(t.result.host).toBe(3 * 2 ** 32 + 0x5123);
  });
});
