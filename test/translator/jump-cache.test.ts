// The jump cache as the dispatcher reads it, through the dispatcher itself.

import { describe, expect, it } from 'vitest';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { viewsOf } from '../../src/base/state/table.ts';
import { VCPU_STATE } from '../../src/base/state/vcpu.ts';
import { TLB_LAYOUT, tlbEntries } from '../../src/mmu/tlb-layout.ts';
import { JUMP_CACHE_BYTES, JumpCache } from '../../src/cpu/translator/jump-cache.ts';
import { Outcome, REGION_TYPE, runtimeModule } from '../../src/cpu/translator/runtime-module.ts';
import { FunctionBody } from '../../src/cpu/translator/wasm/function-body.ts';
import { encodeModule } from '../../src/cpu/translator/wasm/module.ts';

const CPU = 0;
const TLB = 4096;
const CACHE = 0x80000;
const KEY = 0x8008;
const USER_KEY = 0x89;
const FETCH_SUPERVISOR = 3;
const FETCH_USER = 4;
const HOST = 0x50000;

interface Runtime {
  dispatch(cpu: number, tlb: number, cache: number): number;
  readonly table: WebAssembly.Table;
}

/** A dispatcher over a memory of its own; region n returns INTERPRET and leaves n in RAX, and the number of its entry in RCX. */
function dispatcher() {
  const pages = Math.ceil((CACHE + JUMP_CACHE_BYTES) / 65536);
  const memory = LinearMemory.create(pages * 65536, false);
  const parts = { pages: memory.u8.length / 65536, shared: false };
  const module = new WebAssembly.Module(runtimeModule(parts, 8, { rows: 0, bits: 0 }));
  const runtime = new WebAssembly.Instance(module, { env: { memory: memory.memory, slow: () => 0, helper: () => 0 } });
  const { dispatch, table } = runtime.exports as unknown as Runtime;
  for (let n = 1; n < 8; n++) {
    const body = new FunctionBody(REGION_TYPE.parameters);
    body.get(0).i64(BigInt(n)).memory('i64.store', VCPU_STATE.offset.gpr);
    body
      .get(0)
      .get(2)
      .op('i64.extend_i32_u')
      .memory('i64.store', VCPU_STATE.offset.gpr + 8)
      .i32(Outcome.INTERPRET);
    const bytes = encodeModule({ memory: parts, imports: [], functions: [{ type: REGION_TYPE, body, exportAs: 'region' }] });
    table.set(n, new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: memory.memory } }).exports['region']);
  }
  const state = viewsOf(VCPU_STATE, memory, CPU);
  const tlb = viewsOf(TLB_LAYOUT, memory, TLB);
  const cache = new JumpCache(memory, CACHE);
  const map = (rip: number, host: number, context = FETCH_SUPERVISOR): void => {
    const { first, mask } = tlbEntries(context);
    const slot = first + ((rip >>> 12) & mask);
    tlb.readTag[slot] = BigInt.asUintN(64, BigInt(rip) & -4096n);
    tlb.place[2 * slot] = host - (rip & -4096);
  };
  const go = (rip: number, key = KEY, budget = 10): { outcome: number; region: number } => {
    state.rip[0] = BigInt.asUintN(64, BigInt(rip));
    state.codeKey[0] = key;
    state.budget[0] = budget;
    state.gpr[0] = 0n;
    return { outcome: dispatch(CPU, TLB, CACHE), region: Number(state.gpr[0]) };
  };
  return { state, tlb, cache, map, go };
}

const at = (region: number) => ({ region, entry: 3 });
const found = (region: number) => ({ outcome: Outcome.INTERPRET, region });
const MISSED = { outcome: Outcome.MISS, region: 0 };
const ADDRESSES = [0x1000, 0xfff, 0x7fffffff, 0x80000123, 0xffffffff, 0x7fffffffffff, -1, -0x80000000, -(2 ** 47), -0x123456789];

describe('the jump cache', () => {
  it.each(ADDRESSES)('finds the region of %d', (rip) => {
    const { cache, map, go } = dispatcher();
    map(rip, HOST);
    expect(go(rip)).toEqual(MISSED);
    cache.put(rip, KEY, HOST, at(5));
    expect(go(rip)).toEqual(found(5));
  });

  it('tells addresses apart that share an entry', () => {
    const { cache, map, go } = dispatcher();
    const [a, b, c] = [0x5000, 0x5000 + 2 ** 32 * 4096, 0x5000 + 0x1001 * 4096 * 4096];
    map(a!, HOST);
    cache.put(a!, KEY, HOST, at(1));
    for (const other of [b!, c!]) {
      map(other, HOST);
      expect(go(other)).toEqual(MISSED);
    }
    map(a!, HOST);
    expect(go(a!)).toEqual(found(1));
  });

  it('wants the same code key', () => {
    const { cache, map, go } = dispatcher();
    map(0x5000, HOST);
    map(0x5000, HOST, FETCH_USER);
    cache.put(0x5000, KEY, HOST, at(1));
    expect(go(0x5000, USER_KEY)).toEqual(MISSED);
    cache.put(0x5000, USER_KEY, HOST, at(2));
    expect(go(0x5000, USER_KEY)).toEqual(found(2));
    expect(go(0x5000, KEY)).toEqual(MISSED);
  });

  it('wants the page to be mapped to the same memory, for execution, in the context of the key', () => {
    const { cache, map, go, tlb } = dispatcher();
    cache.put(0x5000, KEY, HOST, at(1));
    map(0x5000, HOST, FETCH_USER);
    expect(go(0x5000)).toEqual(MISSED);
    map(0x5000, HOST + 4096);
    expect(go(0x5000)).toEqual(MISSED);
    map(0x5000, HOST);
    expect(go(0x5000)).toEqual(found(1));
    tlb.readTag[5 + tlbEntries(FETCH_SUPERVISOR).first] = 1n;
    expect(go(0x5000)).toEqual(MISSED);
  });

  it('forgets regions that are gone, and everything', () => {
    const { cache, map, go } = dispatcher();
    for (const [rip, region] of [
      [0x5000, 1],
      [0x6004, 2],
      [0x7008, 3],
    ] as const) {
      map(rip, HOST);
      cache.put(rip, KEY, HOST, at(region));
    }
    cache.drop(new Set([1, 3]));
    expect([go(0x5000), go(0x6004), go(0x7008)]).toEqual([MISSED, found(2), MISSED]);
    cache.clear();
    expect(go(0x6004)).toEqual(MISSED);
  });
});

describe('the dispatcher', () => {
  it.each([0, -1])('stops with %d instructions left', (budget) => {
    const { cache, map, go } = dispatcher();
    map(0x5000, HOST);
    cache.put(0x5000, KEY, HOST, at(1));
    expect(go(0x5000, KEY, budget)).toEqual({ outcome: Outcome.STOP, region: 0 });
    expect(go(0x5000, KEY, 1)).toEqual(found(1));
  });

  it('stops when a request waits', () => {
    const { cache, map, go, state } = dispatcher();
    map(0x5000, HOST);
    cache.put(0x5000, KEY, HOST, at(1));
    state.request[0] = 4;
    expect(go(0x5000)).toEqual({ outcome: Outcome.STOP, region: 0 });
    state.request[0] = 0;
    expect(go(0x5000)).toEqual(found(1));
  });
});
