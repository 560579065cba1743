export function median(values) {
  return quantile(values, 0.5);
}

export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Ratios within each round, whose contenders ran one after another under the same load of the machine: their median, the
 * smallest and the largest.
 */
export function ratios(rounds, ours, theirs) {
  const each = rounds.map((round) => round[ours] / round[theirs]);
  return { median: median(each), low: Math.min(...each), high: Math.max(...each) };
}
