// The system helpers by name: what semantics call through `b.system`. system/index.ts has one function for each.

// biome-ignore format: a table
export type SystemHelper =
  // control transfers beyond near ones
  | 'interrupt' // INT n: i.dst.imm; INT3 and INT1 and INTO have their own
  | 'breakpoint' | 'icebp' | 'overflow' // INT3, INT1, INTO (called only when OF = 1)
  | 'iret'
  | 'farJump' | 'farCall' | 'farReturn' // x = offset, y = selector for jump and call; x = bytes to release for return
  | 'syscall' | 'sysret' | 'sysenter' | 'sysexit'
  // flags and interruptibility
  | 'pushfValue' // returns the image
  | 'popf' // x = image of i.stackSize bytes
  | 'cli' | 'sti' | 'halt' | 'clac' | 'stac'
  // segments and tables
  | 'readSegment' // i.src.reg → selector
  | 'loadSegment' // x = selector, y = segment register number
  | 'loadGdt' | 'loadIdt' // x = base, y = limit
  | 'gdtBase' | 'gdtLimit' | 'idtBase' | 'idtLimit'
  | 'loadLdt' | 'loadTaskRegister' | 'storeLdt' | 'storeTaskRegister'
  | 'lar' | 'lsl' | 'verr' | 'verw' // x = selector; all set ZF, LAR and LSL return the value, of no meaning when ZF = 0
  | 'arpl' // x = destination, y = source selector; sets ZF and returns the new destination
  // control state
  | 'readControl' | 'writeControl' | 'readDebug' | 'writeDebug' // register number in the CREG/DREG operand; x = value
  | 'readMachineStatus' | 'writeMachineStatus' | 'clearTaskSwitched'
  | 'readMsr' | 'writeMsr' // these and the next line use ECX and EDX:EAX themselves
  | 'cpuid' | 'readTscAux' | 'readPmc' | 'xgetbv' | 'xsetbv'
  | 'invalidatePage' // x = linear address
  | 'invpcid' // x = type, y = linear address of the descriptor
  | 'swapgs' | 'readFsBase' | 'readGsBase' | 'writeFsBase' | 'writeGsBase'
  | 'invalidateCaches'
  | 'checkCpl0' // #GP(0) unless CPL is 0
  | 'checkProtectedMode' // #UD in real-address and virtual-8086 mode
  // ports
  | 'portIn' // x = port; returns the value of i.size bytes
  | 'portOut' // x = port, y = value
  | 'checkPort' // x = port: #GP(0) unless permitted
  // x87 (cpu/x87/helpers.ts)
  | 'x87Wait' // #NM, #MF; x = offset of the operand in memory
  | 'x87NoWait' // #NM
  | 'x87Execute' // x = operand in memory, y = its bits 79:64
  | 'x87Result' | 'x87ResultHigh' | 'x87Stores' | 'x87Stored' // what is stored, in two parts; whether it is; it has been
  | 'x87ImagePiece' // x = a piece of environment or state; returns its value
  | 'x87LoadPiece'; // x = the value, y = the piece
