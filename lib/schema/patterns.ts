import { createContext, Script } from 'node:vm';
import { RE2JS } from 're2js';

/** What Ajv asks of a regular expression; it tells two apart by `toString`. */
export interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

/** Processor time that one match may take, for the few patterns that only JavaScript's own engine knows. */
const MAX_MATCH_MS = 20;
/** What JavaScript means by `\s` and `.`, where RE2 means less. */
const SPACES =
  '\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACES =
  '\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}' +
  '\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10FFFF}';
const LINE_ENDS = '\\n\\r\\x{2028}\\x{2029}';

/**
 * A regular expression of JavaScript, run in a time that grows with the text and no faster, so that no text can block
 * the process. What RE2 cannot run (lookaround, references to groups) runs on JavaScript's engine, for 20 ms at most; a
 * text that takes longer does not match.
 *
 * @throws SyntaxError for what is not a regular expression
 */
export function linearPattern(source: string): Pattern {
  const native = nativePattern(source);
  const translated = translate(source, native.unicode);
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(translated));
    return { test: (text) => compiled.test(text), toString: () => source };
  } catch {
    // Not for RE2.
  }
  return limited(native, source);
}

// The specification says `u`; many patterns in use are valid only without: `^[\w-.]+$`, `a\-b`.
function nativePattern(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    return new RegExp(source);
  }
}

/** The pattern with JavaScript's `\s`, `\S` and `.` written out. */
function translate(source: string, unicode: boolean): string {
  let translated = '';
  let inClass = false;
  for (let index = 0; index < source.length; index++) {
    const character = source[index] as string;
    if (character === '\\') {
      const escaped = source[index + 1] ?? '';
      index += 1;
      if (escaped === 'S' && inClass) translated += NO_SPACES;
      else if (escaped === 's') translated += inClass ? SPACES : `[${SPACES}]`;
      else if (escaped === 'S') translated += `[^${SPACES}]`;
      else if (/[a-zA-Z]/.test(escaped) && !isEscape(escaped, unicode)) translated += escaped;
      else translated += character + escaped;
    } else if (inClass) {
      // RE2 reads `[[:alpha:]]` as a name.
      translated += character === '[' ? '\\[' : character;
      inClass = character !== ']';
    } else if (character === '.') translated += `[^${LINE_ENDS}]`;
    else {
      translated += character;
      inClass = character === '[';
      // `[]` and `[^]` are complete in JavaScript.
      const empty = inClass ? /^\[\^?\]/.exec(source.slice(index))?.[0] : undefined;
      if (empty !== undefined) {
        translated = translated.slice(0, -1) + (empty === '[]' ? `[^\\x00-\\x{10FFFF}]` : `[\\x00-\\x{10FFFF}]`);
        index += empty.length - 1;
        inClass = false;
      }
    }
  }
  return translated;
}

/** Whether a backslash gives the letter a meaning in JavaScript; RE2 knows others (`\A`, `\Q`), JavaScript reads those as letters. */
function isEscape(letter: string, unicode: boolean): boolean {
  return (unicode ? 'dDwWsSbBtnvfrxuckpP' : 'dDwWsSbBtnvfrxuck').includes(letter);
}

/** Runs a pattern in a context of its own, because only that can be interrupted. */
function limited(pattern: RegExp, source: string): Pattern {
  const context = createContext(Object.assign(Object.create(null), { pattern, text: '' }));
  const script = new Script('pattern.test(text)');
  return {
    test(text) {
      context.text = text;
      try {
        for (;;) {
          const before = process.cpuUsage();
          try {
            return script.runInContext(context, { timeout: 2 * MAX_MATCH_MS }) === true;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
          }
          // On a busy machine the time may have gone to others: then it is tried again.
          const { user, system } = process.cpuUsage(before);
          if (user + system >= MAX_MATCH_MS * 1000) return false;
        }
      } finally {
        context.text = '';
      }
    },
    toString: () => source,
  };
}
