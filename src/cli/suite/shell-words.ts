import { InputError } from '../../base/errors.ts';

/**
 * Splits `text` at blanks as a POSIX shell does: quotes and backslashes hold words together. InputError for a quote that is not closed,
 * and for what a shell would replace (commands, variables), which is not done.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== "'" && (character === '`' || (character === '$' && /[\w({]/.test(text[at + 1] ?? '')))) {
      throw new InputError(`'${text}' has what only a shell replaces (${character})`);
    }
    if (quote === '' && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) {
      quote = '';
    } else if (character === '\\' && quote !== "'" && at + 1 < text.length && (quote === '' || '"\\`$'.includes(text[at + 1]!))) {
      word = (word ?? '') + text[++at]!;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') throw new InputError(`'${text}' has a quote (${quote}) that is not closed`);
  return word === null ? words : [...words, word];
}
