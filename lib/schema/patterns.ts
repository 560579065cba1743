import { createContext, Script } from 'node:vm';
import { RE2JS } from 're2js';

/** What Ajv asks of a regular expression; it tells two apart by `toString`. */
export interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

/** Processor time that the matches of one validation may take together, for patterns that only JavaScript's own engine knows. */
const MAX_MATCH_MS = 20;
/** What JavaScript means by `\s` and `.`, where RE2 means less. */
const SPACES =
  '\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACES =
  '\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}' +
  '\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10FFFF}';
const LINE_ENDS = '\\n\\r\\x{2028}\\x{2029}';

/** How much of its time one validation has left for matches on JavaScript's engine. */
export class MatchTime {
  leftMs = MAX_MATCH_MS;

  /** A validation begins. */
  renew(): void {
    this.leftMs = MAX_MATCH_MS;
  }
}

/**
 * A regular expression of JavaScript, run in a time that grows with the text and no faster, so that no text can block
 * the process. RE2 runs it; lookaheads at the start of the text, which RE2 does not know, become patterns of their own.
 * What is left (other lookaround, references to groups) runs on JavaScript's engine while the validation has time for
 * it, 20 ms in all; then nothing matches any more.
 *
 * @throws SyntaxError for what is not a regular expression
 */
export function linearPattern(source: string, time: MatchTime = new MatchTime()): Pattern {
  const native = nativePattern(source);
  try {
    const conditions = splitLookaheads(source).map(({ pattern, wanted }) => {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(translate(pattern, native.unicode)));
      return (text: string) => compiled.test(text) === wanted;
    });
    const [only] = conditions;
    const test =
      only !== undefined && conditions.length === 1 ? only : (text: string) => conditions.every((meets) => meets(text));
    return { test, toString: () => source };
  } catch {
    // Not for RE2.
  }
  return limited(native, source, time);
}

/** `^(?=a)(?!b)c` as the patterns `^(?:a)`, not `^(?:b)`, and `^c`; any other pattern as it is. */
function splitLookaheads(source: string): { pattern: string; wanted: boolean }[] {
  const whole = [{ pattern: source, wanted: true }];
  if (!/^\^\(\?[=!]/.test(source)) return whole;
  const conditions: { pattern: string; wanted: boolean }[] = [];
  let rest = source.slice(1);
  while (/^\(\?[=!]/.test(rest)) {
    const end = groupEnd(rest);
    if (end === undefined || /^[*+?{]/.test(rest.slice(end))) return whole;
    conditions.push({ pattern: `^(?:${rest.slice(3, end - 1)})`, wanted: rest[2] === '=' });
    rest = rest.slice(end);
  }
  // `^(?=a)b|c` is two alternatives, and only the first looks ahead.
  if (groupEnd(`(${rest})`, '|') !== rest.length + 2) return whole;
  return [...conditions, { pattern: `^${rest}`, wanted: true }];
}

/** Where the group ends that the text begins with; undefined if it does not, or has `stop` in it outside of inner groups. */
function groupEnd(text: string, stop?: string): number | undefined {
  let depth = 0;
  let inClass = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') depth += 1;
    else if (character === ')' && --depth === 0) return index + 1;
    else if (character === stop && depth === 1) return undefined;
  }
  return undefined;
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
function limited(pattern: RegExp, source: string, time: MatchTime): Pattern {
  const context = createContext(Object.assign(Object.create(null), { pattern, text: '' }));
  const script = new Script('pattern.test(text)');
  return {
    test(text) {
      context.text = text;
      try {
        // On a busy machine an interrupted match may have had little of the time: then it is tried again.
        while (time.leftMs > 0) {
          const before = process.cpuUsage();
          try {
            return script.runInContext(context, { timeout: MAX_MATCH_MS }) === true;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
          } finally {
            const { user, system } = process.cpuUsage(before);
            time.leftMs -= (user + system) / 1000;
          }
        }
        return false;
      } finally {
        context.text = '';
      }
    },
    toString: () => source,
  };
}
