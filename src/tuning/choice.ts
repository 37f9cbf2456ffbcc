/** Which of several right ways to compute the same is taken, given times that are noisy. */

/** How long one variant took for the same work, in milliseconds, round by round. */
export interface Timing {
  variant: string;
  ms: readonly number[];
}

export interface Choice {
  variant: string;
  /** A clause for people: why this one. */
  why: string;
}

/** Share of its time by which the default must be beaten. */
const MARGIN = 0.05;

/** Rounds below which nothing is known of the noise. */
export const FEWEST_ROUNDS = 3;

/**
 * The first variant stays unless another's median is faster by more than MARGIN and by more than the noise, the larger interquartile range
 * of the two: where timing is noise, the choice is the same every time.
 * @param timings at least one; the first is what stays.
 */
export function chooseVariant(timings: readonly Timing[]): Choice {
  const [first, ...others] = timings;
  const stays = (why: string): Choice => ({ variant: first.variant, why });
  if (!others.length) return stays('no other comes near');
  if (timings.some(({ ms }) => ms.length < FEWEST_ROUNDS)) return stays('too few timings to tell it from noise');
  const fastest = others.reduce((best, timing) => (median(timing.ms) < median(best.ms) ? timing : best));
  const gain = median(first.ms) - median(fastest.ms);
  const share = gain / median(first.ms);
  if (share <= 0) return stays('the fastest');
  const compared = `${fastest.variant} is ${percent(share)} faster`;
  if (share <= MARGIN) return stays(`${compared}, not more than ${percent(MARGIN)}`);
  if (gain <= Math.max(spread(first.ms), spread(fastest.ms))) return stays(`${compared}, not more than the noise`);
  return { variant: fastest.variant, why: `${percent(share)} faster than ${first.variant}` };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Interquartile range. */
function spread(values: readonly number[]): number {
  return quantile(values, 0.75) - quantile(values, 0.25);
}

/** Linear between the nearest two. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
