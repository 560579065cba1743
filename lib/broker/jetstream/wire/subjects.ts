/** Whether one subject pattern covers all of another. */
export function captures(pattern: string, subject: string): boolean {
  const wide = pattern.split('.');
  const narrow = subject.split('.');
  for (const [index, token] of wide.entries()) {
    if (token === '>') return narrow.length > index;
    if (narrow[index] === undefined || narrow[index] === '>') return false;
    if (token !== '*' && token !== narrow[index]) return false;
  }
  return wide.length === narrow.length;
}

/** Whether any subject fits both patterns. */
export function overlaps(one: string, other: string): boolean {
  const [left, right] = [one.split('.'), other.split('.')];
  for (let index = 0; ; index++) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return a === b;
    if (a === '>' || b === '>') return true;
    if (a !== b && a !== '*' && b !== '*') return false;
  }
}
