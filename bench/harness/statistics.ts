/** The middle value, or the mean of the two middle ones. `values` must not be empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Half the distance between the quartiles, relative to the median: how far a typical round is off. */
export function relativeSpread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const quartile = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]!;
  return (quartile(0.75) - quartile(0.25)) / 2 / median(values);
}

/** `values` must not be empty, and all above 0. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** How much longer the worst took than the best, in whole per cent. */
export const worstOverBest = (values: readonly number[]): number => Math.round((Math.max(...values) / Math.min(...values) - 1) * 100);
