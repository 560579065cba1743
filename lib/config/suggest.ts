/** ` (did you mean "x"?)` for the candidate nearest to `word`, or nothing where none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const wanted = normalise(word);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = normalise(candidate);
    // A beginning of three letters is a good guess too: `service` for `serviceName`.
    const begins = wanted.length > 2 && (other.startsWith(wanted) || wanted.startsWith(other));
    const distance = begins ? Math.min(1, Math.abs(other.length - wanted.length)) : editDistance(wanted, other);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  // A short word of which every letter is replaced is not like the other.
  return best === undefined || bestDistance >= wanted.length ? '' : ` (did you mean "${best}"?)`;
}

// Lightbus writes `service_name`, flags are `--service-name`: the same word to whoever types it.
function normalise(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, '').slice(0, 100);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
