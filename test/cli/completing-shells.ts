// What the shells themselves offer for a line, given a script: each is asked in its own way.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** What a shell offers for the end of `line`, having read `script`; words in their order, without what it already showed. */
export type Offers = (script: string, line: string) => string[];

/** Calls the function as bash would, with the line cut at spaces, `=` and `:`. */
export const bashOffers: Offers = (script, line) => {
  const words = line
    .split(' ')
    .flatMap((word) => word.split(/([=:])/))
    .filter((word, n, all) => word !== '' || n === all.length - 1);
  const cut = words.at(-1) === '' && /[=:]$/.test(line) ? words.slice(0, -1) : words;
  const program = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tidemark; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', ['--norc', '-c', program, 'bash', ...cut]);
};

export const fishOffers: Offers = (script, line) =>
  run('fish', ['--no-config', '-c', `${script}\ncomplete -C ${JSON.stringify(line)}`]).map((offer) => offer.split('\t')[0]!);

/** Types the line into a zsh on a terminal of its own; what compadd takes is printed in angle brackets. */
export const zshOffers: Offers = (script, line) => {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-zsh-'));
  try {
    writeFileSync(join(directory, 'script'), script);
    writeFileSync(join(directory, 'driver'), ZSH_DRIVER);
    const printed = run('zsh', ['-f', join(directory, 'driver'), join(directory, 'script'), line]).join('\n');
    return [...printed.matchAll(/<<?([^<>]+)>/g)].map((match) => match[1]!).filter((word) => !['ready', 'end'].includes(word));
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
show() { zle offer; print "<<end>>"; exit }
zle -N show
bindkey "^X" show
print "<<ready>>"'
while zpty -r child got; do [[ $got == *"<<ready>>"* ]] && break; done
zpty -w -n child "$2"$'\\C-x'
while zpty -r child got; do print -r -- "$got"; [[ $got == *"<<end>>"* ]] && break; done
zpty -d child
`;

function run(command: string, args: readonly string[]): string[] {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw error;
  if (stderr !== '') throw new Error(`${command} says: ${stderr} (status ${status})`);
  return stdout.split('\n').filter((text) => text !== '');
}
