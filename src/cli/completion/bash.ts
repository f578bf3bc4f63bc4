// Completion for bash 3.2 and later, without the package bash-completion.

import type { Completes } from '../described-option.ts';
import { type CompletedCommand, singleQuoted } from './completed-command.ts';

/** The script that defines and registers `_tidemark`. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# bash completion for tidemark, written by \`tidemark completion bash\`.

# The words in $1 that begin with what is typed, and paths: $2 is none, files or directories.
_tidemark_reply() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "\${1// /$IFS}" -- "$current"))
  [[ $2 == none ]] || compopt -o filenames 2>/dev/null
  [[ $2 != files ]] || COMPREPLY+=($(compgen -f -- "$current"))
  [[ $2 != directories ]] || COMPREPLY+=($(compgen -d -- "$current"))
  # What ends in a colon or an equals sign goes on.
  [[ \${#COMPREPLY[@]} -ne 1 || \${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace 2>/dev/null
}

_tidemark() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    _tidemark_reply ${singleQuoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))} none
    return
  fi
  # bash cuts words at = and : as well.
  if [[ $current == : && $previous == file ]]; then current= previous=file:; fi
  if [[ $previous == : && \${COMP_WORDS[COMP_CWORD - 2]} == file ]]; then previous=file:; fi
  if [[ $previous == file: ]]; then _tidemark_reply '' files; return; fi
  local glued==
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; else glued=; fi
  case "$command $previous$glued" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}

complete -F _tidemark tidemark
`;
}

const reply = ({ words, paths }: Completes): string => `_tidemark_reply ${singleQuoted(words.join(' '))} ${paths}`;

/** What follows an option that takes a value, in the next word or after `=`; a value that may be left out only there. */
const valueCases = ({ name, options }: CompletedCommand): string[] =>
  options
    .filter(({ metavar }) => metavar !== null)
    .map(({ name: option, valueOptional, completes }) => {
      const glued = singleQuoted(`${name} ${option}=`);
      return `    ${valueOptional ? glued : `${singleQuoted(`${name} ${option}`)} | ${glued}`}) ${reply(completes)}; return ;;`;
    });

function commandCase({ name, options, operands }: CompletedCommand): string {
  const dashes = options.flatMap((option) => (option.valueOptional ? [option.name, `${option.name}=`] : [option.name]));
  const optionWords = singleQuoted(dashes.join(' '));
  return `    ${name}) if [[ $current == -* ]]; then _tidemark_reply ${optionWords} none; else ${reply(operands)}; fi ;;`;
}
