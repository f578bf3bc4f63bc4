// Completion for zsh: a function for compinit, which may be sourced as well.

import type { Completes, DescribedOption } from '../described-option.ts';
import { type CompletedCommand, singleQuoted } from './completed-command.ts';

/** The script that defines `_tidemark`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef tidemark
# zsh completion for tidemark, written by \`tidemark completion zsh\`.

_tidemark() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${singleQuoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _tidemark ]]; then
  _tidemark "$@"
else
  compdef _tidemark tidemark
fi
`;
}

const commandCase = ({ name, options, operands }: CompletedCommand): string =>
  `    ${name}) _arguments \\
${[...options.flatMap(specsOf), `'*:operand:${actionOf(operands)}'`].map((spec) => `      ${spec}`).join(' \\\n')} ;;`;

/** In a specification brackets and colons are special. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, (special) => `\\${special}`);

function specsOf({ name, metavar, valueOptional, help, completes }: DescribedOption): string[] {
  const names = name === '--help' ? ['-h', '--help'] : [name];
  return names.map((each) => {
    // `--opt=` also takes its value from the next argument, `--opt=-` only after the sign.
    const sign = metavar === null || !each.startsWith('--') ? '' : valueOptional ? '=-' : '=';
    const value = metavar === null ? '' : `${valueOptional ? '::' : ':'}${escaped(metavar)}:${actionOf(completes)}`;
    return singleQuoted(`*${each}${sign}[${escaped(help)}]${value}`);
  });
}

/** What completes a value: words, paths or both. Of words that end in a colon a path is the rest. */
function actionOf({ words, paths }: Completes): string {
  const path = paths === 'files' ? '_files' : paths === 'directories' ? '_files -/' : null;
  if (words.length === 0) return path ?? ' ';
  const list = `(${words.map(escaped).join(' ')})`;
  return path === null ? list : `_alternative "words:word:${list}" "paths:path:${path}"`;
}
