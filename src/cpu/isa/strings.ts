// String instructions (SDM vol. 2, MOVS CMPS STOS LODS SCAS INS OUTS). One iteration is the body of `repeat`: its accesses may
// fault, the registers advance after them. The destination is always in ES; an override changes the source's segment.

import { Seg } from '../../base/state/vcpu.ts';
import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Insn } from '../builder/insn.ts';
import { Repeated } from '../builder/repeated.ts';
import { RAX, RDI, RDX, RSI } from './registers.ts';

const loadSource = <T extends Values>(b: Builder<T>, i: Insn): T['value'] =>
  b.load(i.src.address.segment, b.registerAddress(i, RSI), i.size);
const loadDestination = <T extends Values>(b: Builder<T>, i: Insn): T['value'] => b.load(Seg.ES, b.registerAddress(i, RDI), i.size);

function storeDestination<T extends Values>(b: Builder<T>, i: Insn, x: T['value']): void {
  b.store(Seg.ES, b.registerAddress(i, RDI), i.size, x);
  b.advance(i, RDI, i.size);
}

export const MOVS: Semantics = (b, i) =>
  b.repeat(
    i,
    () => {
      storeDestination(b, i, loadSource(b, i));
      b.advance(i, RSI, i.size);
    },
    Repeated.COPY,
  );

export const STOS: Semantics = (b, i) => b.repeat(i, () => storeDestination(b, i, b.readRegister(i.size, RAX)), Repeated.FILL);

export const LODS: Semantics = (b, i) =>
  b.repeat(i, () => {
    b.writeRegister(i.size, RAX, loadSource(b, i));
    b.advance(i, RSI, i.size);
  });

export const CMPS: Semantics = (b, i) =>
  b.repeat(i, () => {
    const x = loadSource(b, i);
    const y = loadDestination(b, i);
    b.flags.sub(i.size, x, y, b.sub(i.size, x, y));
    b.advance(i, RSI, i.size);
    b.advance(i, RDI, i.size);
    return b.equal(x, y);
  });

export const SCAS: Semantics = (b, i) =>
  b.repeat(i, () => {
    const x = b.readRegister(i.size, RAX);
    const y = loadDestination(b, i);
    b.flags.sub(i.size, x, y, b.sub(i.size, x, y));
    b.advance(i, RDI, i.size);
    return b.equal(x, y);
  });

/** Reading a port has effects of its own: everything that can fault is asked before. */
export const INS: Semantics = (b, i) =>
  b.repeat(i, () => {
    const port = b.readRegister(2, RDX);
    b.system('checkPort', i, port);
    b.probeWrite(Seg.ES, b.registerAddress(i, RDI), i.size);
    storeDestination(b, i, b.system('portIn', i, port));
  });

export const OUTS: Semantics = (b, i) =>
  b.repeat(i, () => {
    const port = b.readRegister(2, RDX);
    b.system('checkPort', i, port);
    b.system('portOut', i, port, loadSource(b, i));
    b.advance(i, RSI, i.size);
  });
