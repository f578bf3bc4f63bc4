// How large the parts of a container may be. Writer and reader both ask here, so that what was written can be read.

const MIB = 1024 ** 2;

/** Bytes of the header, and of what it refers to. */
export const MAX_HEADER = 64 * MIB;
export const MAX_ATTACHMENTS = 256 * MIB;
/** Memory, and the devices that have blocks. */
export const MAX_SECTIONS = 64;
/** 4 GiB of blocks. No machine has so many pages, and no disk's image is so long. */
export const MAX_BLOCKS = 2 ** 20;
/** GPAs have 40 bits. */
export const MAX_NUMBER = 2 ** 28;

export interface SectionSize {
  readonly listed: number;
  readonly withData: number;
}

/** Header and attachments in bytes, both multiples of 4; sections in blocks. */
export interface Sizes {
  readonly header: number;
  readonly attachments: number;
  readonly sections: readonly SectionSize[];
}

type Fail = (field: keyof Sizes, what: string) => void;

/** Calls `fail` for the first size that is out of bounds. */
export function checkLimits({ header, attachments, sections }: Sizes, fail: Fail): void {
  checkFront(header, attachments, sections.length, fail);
  for (const { listed, withData } of sections) {
    if (listed > MAX_BLOCKS) fail('sections', `${listed} blocks are more than a machine has`);
    if (withData > listed) fail('sections', `${withData} blocks with data, but only ${listed} listed`);
  }
}

/** The same for what is known before the sections' sizes are. */
export function checkFront(header: number, attachments: number, sections: number, fail: Fail): void {
  if (header > MAX_HEADER || header % 4 !== 0) fail('header', `a header of ${header} bytes`);
  if (attachments > MAX_ATTACHMENTS || attachments % 4 !== 0) fail('attachments', `${attachments} bytes beside the header`);
  if (sections > MAX_SECTIONS) fail('sections', `${sections} sections`);
}
