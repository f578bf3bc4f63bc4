// What the decoder gives #UD for although processors of some make have it, by family; and the page of the docs made of it.

import type { Exploration } from './explore.ts';

interface Family {
  readonly title: string;
  /** The independent decoder's names: CPUID features, or an encoding. */
  readonly features: readonly string[];
  /** All of the family that is missing, where the rest of it is there. */
  readonly members?: readonly string[];
}

/** Features that the modelled processor does not show: software that asks CPUID first never meets them. */
export const FAMILIES: readonly Family[] = [
  { title: 'MMX', features: ['MMX'] },
  { title: '3DNow!', features: ['D3NOW'] },
  { title: 'SSE', features: ['SSE'] },
  { title: 'SSE2', features: ['SSE2'] },
  { title: 'SSE3, SSSE3, SSE4', features: ['SSE3', 'SSSE3', 'SSE4_1', 'SSE4_2', 'SSE4A'] },
  { title: 'AVX and its successors (VEX, EVEX and XOP encodings, BMI1 and BMI2 among them)', features: ['VEX', 'EVEX', 'XOP', 'MVEX'] },
  { title: 'Cryptography', features: ['AES', 'PCLMULQDQ', 'SHA', 'GFNI', 'AESKLE', 'KL', 'AESKLE+WIDE_KL'] },
  { title: 'FXSAVE and XSAVE', features: ['FXSR', 'XSAVE', 'XSAVEOPT', 'XSAVEC', 'XSAVES'] },
  { title: 'Random numbers', features: ['RDRAND', 'RDSEED'] },
  { title: 'MONITOR and MWAIT', features: ['MONITOR', 'MONITORX', 'WAITPKG'] },
  { title: 'ADX', features: ['ADX'] },
  { title: 'Cache lines', features: ['CLWB', 'CLFLUSHOPT', 'MOVDIRI', 'MOVDIR64B', 'ENQCMD', 'MCOMMIT'] },
  { title: 'Virtualisation', features: ['VMX', 'VMX+INVEPT', 'SVM', 'SEV_ES', 'SGX1', 'TDX', 'SMX', 'RMPQUERY'] },
  { title: 'Transactions', features: ['RTM', 'TSXLDTRK'] },
  { title: 'System management mode', features: ['SMM'] },
  { title: 'Control-flow enforcement: shadow stacks', features: ['CET_SS'] },
  { title: 'Others of Intel', features: ['RDPID', 'PTWRITE', 'UINTR', 'LKGS', 'FRED', 'RAO_INT'] },
  { title: 'Others of AMD', features: ['RDPRU'] },
  { title: 'Centaur PadLock', features: ['PADLOCK_RNG', 'PADLOCK_PHE', 'PADLOCK_GMI', 'PADLOCK_UNDOC', 'PADLOCK_ACE', 'PADLOCK_PMM'] },
  { title: 'SYSCALL and SYSRET outside 64-bit mode, where only AMD has them', features: ['SYSCALL'], members: ['Syscall', 'Sysret'] },
];

/** What was found missing and is on no list. */
export function unlisted({ missing }: Exploration): string[] {
  const out: string[] = [];
  for (const [feature, found] of missing) {
    const family = FAMILIES.find((f) => f.features.includes(feature));
    for (const [mnemonic, example] of found) {
      if (!family || (family.members && !family.members.includes(mnemonic))) out.push(`${feature} ${mnemonic} ${example}`);
    }
  }
  return out.sort();
}

/** docs/unimplemented.md. */
export function unimplementedMarkdown({ missing }: Exploration): string {
  const lines = [
    '# Instructions that are not there',
    '',
    'The decoder gives #UD for these. The page is made and checked by `test/decode`, which walks the opcode space with an independent',
    'decoder beside ours: whatever that one knows and ours does not is in this list. CPUID shows none of the features.',
    '',
    '| family | instructions |',
    '|---|---|',
  ];
  for (const { title, features } of FAMILIES) {
    const names = new Set(features.flatMap((feature) => [...(missing.get(feature)?.keys() ?? [])]));
    const isVector = features.includes('VEX');
    const list = isVector
      ? 'all of them'
      : [...names]
          .map((name) => name.toUpperCase())
          .sort()
          .join(' ');
    if (names.size > 0) lines.push(`| ${title} | ${list} |`);
  }
  return `${lines.join('\n')}\n`;
}
