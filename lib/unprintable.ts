/** What moves a cursor, changes colours or turns text around when something displays it; anybody may have written it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text of others as one line that a terminal can only show. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** The same for several lines: line breaks and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' || character === '\t' ? character : '\uFFFD'));
}

/** A text of JSON that means the same and holds no such character. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');
}
