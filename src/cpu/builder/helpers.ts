// The system helpers by name: what semantics call through `b.system`. system/index.ts has one function for each. The table says
// what a helper changes; survey.ts derives from it what must be known of an instruction.

/**
 * `looks`: nothing; it may refuse. `state`: registers and flags, which the instructions that follow read as they do any. `course`:
 * how execution goes on (mode, privilege, mapping, segments, interruptibility, the machine around): a block ends behind it.
 * `transfer`: RIP, and with it all of that. Nothing says that the next instruction is code.
 */
type HelperEffect = 'looks' | 'state' | 'course' | 'transfer';

const all = <const E extends HelperEffect, const N extends string>(effect: E, ...names: readonly N[]): Record<N, E> =>
  Object.fromEntries(names.map((name) => [name, effect])) as Record<N, E>;

// biome-ignore format: a table
export const HELPERS = {
  // control transfers beyond near ones
  interrupt: 'transfer', // INT n: i.dst.imm; INT3, INT1 and INTO have their own
  breakpoint: 'transfer', icebp: 'transfer', overflow: 'transfer', // INT3, INT1, INTO (called only when OF = 1)
  iret: 'transfer',
  farJump: 'transfer', farCall: 'transfer', // x = offset, y = selector
  farReturn: 'transfer', // x = bytes to release
  syscall: 'transfer', sysret: 'transfer', sysenter: 'transfer', sysexit: 'transfer',
  // flags and interruptibility
  pushfValue: 'looks', // returns the image
  popf: 'course', // x = image of i.stackSize bytes
  halt: 'transfer', // the next instruction comes after an interrupt
  cli: 'course', sti: 'course', clac: 'course', stac: 'course',
  // segments and tables
  readSegment: 'looks', // i.src.reg → selector
  loadSegment: 'course', loadPointerSegment: 'course', // x = selector, y = segment register number
  loadGdt: 'course', loadIdt: 'course', // x = base, y = limit
  gdtBase: 'looks', gdtLimit: 'looks', idtBase: 'looks', idtLimit: 'looks',
  loadLdt: 'course', loadTaskRegister: 'course', storeLdt: 'looks', storeTaskRegister: 'looks',
  // x = selector; all set ZF, LAR and LSL return the value, of no meaning when ZF = 0
  lar: 'state', lsl: 'state', verr: 'state', verw: 'state',
  arpl: 'state', // x = destination, y = source selector; sets ZF and returns the new destination
  // control state
  // register number in the CREG or DREG operand; x = value
  readControl: 'looks', writeControl: 'course', readDebug: 'looks', writeDebug: 'course',
  readMachineStatus: 'looks', writeMachineStatus: 'course', clearTaskSwitched: 'course',
  readMsr: 'state', writeMsr: 'course', cpuid: 'state', // they use ECX and EDX:EAX themselves
  readTscAux: 'looks', readPmc: 'looks',
  invalidatePage: 'course', // x = linear address
  invpcid: 'course', // x = type, y = linear address of the descriptor
  swapgs: 'course', readFsBase: 'looks', readGsBase: 'looks', writeFsBase: 'course', writeGsBase: 'course',
  invalidateCaches: 'looks',
  checkCpl0: 'looks', // #GP(0) unless CPL is 0
  checkProtectedMode: 'looks', // #UD in real-address and virtual-8086 mode
  // ports: reading one may have effects, and either may leave the machine
  portIn: 'course', // x = port; returns the value of i.size bytes
  portOut: 'course', // x = port, y = value
  checkPort: 'looks', // x = port: #GP(0) unless permitted
  // x87 (cpu/x87). Gates: #NM, and #MF of those that wait
  x87Wait: 'looks', x87NoWait: 'looks', fwait: 'looks',
  // operations; x = operand in memory, y = its offset
  ...all(
    'state',
    'fadd', 'faddp', 'fiadd', 'fsub', 'fsubp', 'fisub', 'fsubr', 'fsubrp', 'fisubr', 'fmul', 'fmulp', 'fimul',
    'fdiv', 'fdivp', 'fidiv', 'fdivr', 'fdivrp', 'fidivr', 'fchs', 'fabs', 'fsqrt', 'frndint', 'fprem', 'fprem1', 'fscale', 'fxtract',
    'f2xm1', 'fsin', 'fcos', 'fsincos', 'fptan', 'fpatan', 'fyl2x', 'fyl2xp1',
    'fcom', 'fcomp', 'fcompp', 'ficom', 'ficomp', 'fucom', 'fucomp', 'fucompp', 'fcomi', 'fcomip', 'fucomi', 'fucomip', 'ftst', 'fxam',
    'fld', 'fild', 'fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz', 'fst', 'fstp', 'fstpnce',
    'fxch', 'fcmov', 'ffree', 'ffreep', 'fincstp', 'fdecstp', 'fnop',
    'fninit', 'fnclex', 'fldcw', 'x87MaskAll',
  ),
  fldM80: 'state', fbld: 'state', // x = operand in memory, y = its bits 79:64
  x87Operand: 'state', // x = offset of the operand in memory, where an operation has no room for it
  x87Stored: 'state', x87StoredPop: 'state', // the end of a store: x = outcome of the conversion, y = offset of the operand
  x87Control: 'looks', x87Status: 'looks', // return the word
  x87Piece: 'looks', // x = offset of a piece of environment or state; returns its value
  x87LoadPiece: 'state', // x = the value, y = the offset
  x87Loaded: 'state', // the last piece is there
} as const satisfies Record<string, HelperEffect>;

export type SystemHelper = keyof typeof HELPERS;

/** Helpers that read or set the status flags by themselves, as services behind a port do too; so does every transfer. */
export const FLAG_HELPERS: ReadonlySet<SystemHelper> = new Set<SystemHelper>([
  'pushfValue',
  'popf',
  'lar',
  'lsl',
  'verr',
  'verw',
  'arpl',
  'fcomi',
  'fcomip',
  'fucomi',
  'fucomip',
  'portIn',
  'portOut',
]);

/** Helpers that `b.systemPair` calls. They change nothing. They give two values: ST(0) in a format of memory, and the outcome. */
export type PairHelper = 'toReal' | 'toExtended' | 'toInteger' | 'toTruncated' | 'toDecimal';
