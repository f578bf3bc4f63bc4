// The BIOS data area at 0040:0000, by the names that PC technical references give its fields, and what else firmware keeps in
// guest memory. Guests may write anything here: what is read from it is never trusted.

/** Guest-physical addresses. */
// biome-ignore format: a table
export const Bda = {
  COM1: 0x400, EBDA_SEGMENT: 0x40e, EQUIPMENT: 0x410, MEMORY_KIB: 0x413,
  SHIFT_FLAGS: 0x417, SHIFT_FLAGS_2: 0x418, ALT_INPUT: 0x419, KEY_HEAD: 0x41a, KEY_TAIL: 0x41c, KEY_BUFFER: 0x41e,
  DISKETTE_STATUS: 0x441,
  VIDEO_MODE: 0x449, COLUMNS: 0x44a, PAGE_BYTES: 0x44c, PAGE_START: 0x44e, CURSORS: 0x450, CURSOR_SHAPE: 0x460, ACTIVE_PAGE: 0x462,
  CRTC_PORT: 0x463, CRT_MODE: 0x465, PALETTE: 0x466,
  TICKS: 0x46c, MIDNIGHT: 0x470, BREAK: 0x471, WARM_BOOT: 0x472, FIXED_STATUS: 0x474, FIXED_DISKS: 0x475,
  COM1_TIMEOUT: 0x47c, KEY_BUFFER_START: 0x480, KEY_BUFFER_END: 0x482,
  LAST_ROW: 0x484, CHARACTER_HEIGHT: 0x485, VIDEO_CONTROL: 0x487, VIDEO_SWITCHES: 0x488, VIDEO_FLAGS: 0x489,
  USER_FLAG: 0x498, WAIT_MICROSECONDS: 0x49c, WAIT_ACTIVE: 0x4a0, KEYBOARD_FLAGS: 0x496, LEDS: 0x497,
} as const;

export const BDA_START = 0x400,
  BDA_BYTES = 0x100;

/** The extended BIOS data area: the last KiB of conventional memory. */
export const EBDA = { SEGMENT: 0x9fc0, BASE: 0x9fc00, KIB: 1, FIXED_DISK_TABLE: 0x3d } as const;
/** KiB of conventional memory below it, which is what INT 12H says. */
export const CONVENTIONAL_KIB = 639;

/** Offset in segment 0040H of a field, as the fields that point into the area hold it. */
export const inBda = (gpa: number): number => gpa - BDA_START;
