// The registers of a VGA: what text-mode software programs and reads back. Its memory is plain RAM, in which text lies. Planes,
// fonts and graphics are not modelled. Offsets are those of the ports from 3B0H on. The CRT controller and the status registers
// answer at their colour and monochrome addresses alike.

import type { AccessWidth, Device, DeviceState } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState } from './state.ts';
import { readComponent, selectForReading, selectForWriting, writeComponent } from './vga-dac.ts';
import { VGA_SCHEMA, initialVga, readBank, writeBank, writeCrtc } from './vga-registers.ts';
import type { VgaState } from './vga-registers.ts';
import { beamStatus } from './vga-timing.ts';

export const VGA_PORTS = 0x30;

/** Offsets. ATTRIBUTE: index and data to write, index to read; its data are read one above. */
// biome-ignore format: a table
const Port = {
  MONO_CRTC_INDEX: 0x04, MONO_CRTC_DATA: 0x05, MONO_STATUS: 0x0a,
  ATTRIBUTE: 0x10, ATTRIBUTE_DATA: 0x11, MISC_WRITE: 0x12, ENABLE: 0x13, SEQUENCER_INDEX: 0x14, SEQUENCER_DATA: 0x15,
  DAC_MASK: 0x16, DAC_READ_INDEX: 0x17, DAC_WRITE_INDEX: 0x18, DAC_DATA: 0x19, FEATURE_READ: 0x1a, MISC_READ: 0x1c,
  GRAPHICS_INDEX: 0x1e, GRAPHICS_DATA: 0x1f, CRTC_INDEX: 0x24, CRTC_DATA: 0x25, STATUS: 0x2a,
} as const;

/** Input Status Register 0: a monitor is there. */
const SWITCH_SENSE = 0x10;
const ENABLED = 1;
/** Bit 5 of the index stays beside it: the palette drives the screen. */
const ATTRIBUTE_INDEX = 0x1f;

export class Vga implements Device {
  readonly name = 'vga';
  private state = initialVga();
  private now = 0;

  /** The registers as they are, for reading. */
  get registers(): Readonly<VgaState> {
    return this.state;
  }

  reset(): void {
    this.state = initialVga();
  }

  advance(now: number): void {
    this.now = now;
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, VGA_PORTS, (port) => this.readPort(port));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, VGA_PORTS, (port, byte) => this.writePort(port, byte));
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, VGA_SCHEMA, state);
  }

  private readPort(port: number): number {
    const { state } = this;
    switch (port) {
      case Port.ATTRIBUTE:
        return state.attributeIndex;
      case Port.ATTRIBUTE_DATA:
        return readBank(state.attribute, state.attributeIndex & ATTRIBUTE_INDEX);
      case Port.MISC_WRITE:
        return SWITCH_SENSE;
      case Port.ENABLE:
        return ENABLED;
      case Port.SEQUENCER_INDEX:
        return state.sequencerIndex;
      case Port.SEQUENCER_DATA:
        return readBank(state.sequencer, state.sequencerIndex);
      case Port.DAC_MASK:
        return state.dacMask;
      case Port.DAC_READ_INDEX:
        return state.dacReading;
      case Port.DAC_WRITE_INDEX:
        return state.dacWriteIndex;
      case Port.DAC_DATA:
        return readComponent(state);
      case Port.FEATURE_READ:
        return state.feature;
      case Port.MISC_READ:
        return state.misc;
      case Port.GRAPHICS_INDEX:
        return state.graphicsIndex;
      case Port.GRAPHICS_DATA:
        return readBank(state.graphics, state.graphicsIndex);
      case Port.CRTC_INDEX:
      case Port.MONO_CRTC_INDEX:
        return state.crtcIndex;
      case Port.CRTC_DATA:
      case Port.MONO_CRTC_DATA:
        return readBank(state.crtc, state.crtcIndex);
      case Port.STATUS:
      case Port.MONO_STATUS:
        state.attributeData = 0;
        return beamStatus(state, this.now);
      default:
        return 0xff;
    }
  }

  private writePort(port: number, byte: number): void {
    const { state } = this;
    switch (port) {
      case Port.ATTRIBUTE:
        return this.writeAttribute(byte);
      case Port.MISC_WRITE:
        state.misc = byte;
        return;
      case Port.SEQUENCER_INDEX:
        state.sequencerIndex = byte;
        return;
      case Port.SEQUENCER_DATA:
        return writeBank(state.sequencer, state.sequencerIndex, byte);
      case Port.DAC_MASK:
        state.dacMask = byte;
        return;
      case Port.DAC_READ_INDEX:
        return selectForReading(state, byte);
      case Port.DAC_WRITE_INDEX:
        return selectForWriting(state, byte);
      case Port.DAC_DATA:
        return writeComponent(state, byte);
      case Port.GRAPHICS_INDEX:
        state.graphicsIndex = byte;
        return;
      case Port.GRAPHICS_DATA:
        return writeBank(state.graphics, state.graphicsIndex, byte);
      case Port.CRTC_INDEX:
      case Port.MONO_CRTC_INDEX:
        state.crtcIndex = byte;
        return;
      case Port.CRTC_DATA:
      case Port.MONO_CRTC_DATA:
        return writeCrtc(state.crtc, state.crtcIndex, byte);
      case Port.STATUS:
      case Port.MONO_STATUS:
        state.feature = byte;
        return;
    }
  }

  /** One port for index and data, in turn. */
  private writeAttribute(byte: number): void {
    const { state } = this;
    if (state.attributeData) writeBank(state.attribute, state.attributeIndex & ATTRIBUTE_INDEX, byte);
    else state.attributeIndex = byte & 0x3f;
    state.attributeData = state.attributeData ? 0 : 1;
  }
}
