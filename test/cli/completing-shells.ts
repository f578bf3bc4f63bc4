// What the shells themselves offer for the ends of lines, given a script: each is started once and asked in its own way.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** By line, what a shell that has read `script` offers for its end. */
export type Offers = (script: string, lines: readonly string[]) => Map<string, string[]>;

/** Between the answers for two lines. */
const END = '<<end>>';

/** Calls the function as bash would, with each line cut at spaces, `=` and `:`. */
export const bashOffers: Offers = (script, lines) => {
  const asked = lines.map((line) => `COMP_WORDS=(${bashWords(line).map(quoted).join(' ')}); ask`).join('\n');
  const ask = `ask() { COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _tidemark; printf '%s\\n' "\${COMPREPLY[@]}" '${END}'; }`;
  return answers(lines, run('bash', ['--norc', '-c', `${script}\n${ask}\n${asked}`]));
};

function bashWords(line: string): string[] {
  const words = line.split(' ').flatMap((word) => word.split(/([=:])/));
  const last = words.at(-1) === '' && /[=:]$/.test(line) ? [] : [words.at(-1)!];
  return [...words.slice(0, -1).filter((word) => word !== ''), ...last];
}

export const fishOffers: Offers = (script, lines) => {
  const asked = lines.map((line) => `complete -C ${quoted(line)}; echo '${END}'`).join('\n');
  return answers(lines, run('fish', ['--no-config', '-c', `${script}\n${asked}`]).replaceAll(/\t.*/g, ''));
};

/** Types the lines into a zsh on a terminal of its own; what compadd takes is printed in angle brackets. */
export const zshOffers: Offers = (script, lines) => {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-zsh-'));
  try {
    writeFileSync(join(directory, 'script'), script);
    writeFileSync(join(directory, 'driver'), ZSH_DRIVER);
    const printed = run('zsh', ['-f', join(directory, 'driver'), join(directory, 'script'), ...lines]);
    const words = printed.split(END).map((text) => [...text.matchAll(/<([^<>]+)>/g)].map((match) => match[1]!));
    return answers(lines, words.map((found) => found.join('\n')).join(`\n${END}\n`));
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const ZSH_DRIVER = `zmodload zsh/zpty
zpty child zsh -f -i
zpty -w child 'PS1= PS2= COLUMNS=2000; stty -echo; autoload -Uz compinit; compinit -u -D; source '$1'
compadd() {
  [[ \${@[(I)-[OAD]*]} -ne 0 ]] && { builtin compadd "$@"; return }
  local -a hits
  builtin compadd -A hits "$@"
  print -rn -- "<\${(j:><:)hits}>"
  builtin compadd "$@"
}
zle -C offer complete-word _main_complete
show() { zle offer; BUFFER=; print "${END}" }
zle -N show
bindkey "^X" show
print "ready"'":"
while zpty -r child got; do [[ $got == *ready:* ]] && break; done
shift
for line in "$@"; do
  zpty -w -n child "$line"$'\\C-x'
  while zpty -r child got; do print -r -- "$got"; [[ $got == *"${END}"* ]] && break; done
done
zpty -d child
`;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function answers(lines: readonly string[], printed: string): Map<string, string[]> {
  const parts = printed.split(END);
  return new Map(lines.map((line, n) => [line, parts[n]!.split('\n').filter((text) => text !== '')]));
}

function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  if (error) throw error;
  if (stderr !== '' || status !== 0) throw new Error(`${command} ended with status ${status}: ${stderr}`);
  return stdout;
}
