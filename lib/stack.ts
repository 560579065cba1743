const FRAME = /^\s+at /;
/** Frames of packages (this one too, where it is installed) and of Node itself. */
const FOREIGN = /[\\/]node_modules[\\/]|\bnode:/;
/** Others, as `Promise.allSettled (index 0)` and `Generator.next (<anonymous>)`, are nowhere. */
const PLACE = /:\d+:\d+\)?(?: \{)?$/;

/**
 * A stack without what lies below the user's own frames: those who called the user's code are always the same, and they
 * are many. A run of frames without one of the user's stays as it is, for it is all there is.
 *
 * @param text a stack, or what `util.inspect` makes of an error with its causes
 */
export function withoutCallers(text: string): string {
  const kept: string[] = [];
  let run: string[] = [];
  const endRun = () => {
    kept.push(...cutRun(run));
    run = [];
  };
  for (const line of text.split('\n')) {
    if (FRAME.test(line)) run.push(line);
    else {
      endRun();
      kept.push(line);
    }
  }
  endRun();
  return kept.join('\n');
}

/** Whether a stack, or a cause of it, leads to code of the user. */
export function leadsToUser(text: string): boolean {
  return text.split('\n').some(isUsers);
}

function cutRun(run: readonly string[]): readonly string[] {
  const last = run.findLastIndex(isUsers);
  if (last < 0 || last === run.length - 1) return run;
  // inspect opens the error's other properties on its last frame.
  const opens = run.at(-1)?.endsWith(' {') ? ' {' : '';
  return [...run.slice(0, last), `${run[last]}${opens}`];
}

function isUsers(line: string): boolean {
  return FRAME.test(line) && PLACE.test(line) && !FOREIGN.test(line);
}
