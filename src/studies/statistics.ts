/**
 * Paired statistics for runs that share a seed (base, data order and probes): the seed's own luck cancels in the difference. Small samples
 * only, so Student's t throughout; with fewer than two pairs there is no interval and no verdict.
 */

export type Verdict = 'lower' | 'higher' | 'not distinguishable' | 'too few seeds';

export interface PairedDifference {
  /** One difference per seed, a - b. */
  differences: number[];
  mean: number;
  /** 95 % confidence interval of the mean, by Student's t; undefined below two pairs. */
  interval?: [low: number, high: number];
  /** Two-sided p-value of "no difference"; undefined below two pairs. */
  p?: number;
}

export const CONFIDENCE = 0.95;
const SIGNIFICANCE = 0.05;

/** Differences of the same seeds under two arms. */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  const differences = a.map((value, i) => value - b[i]);
  const n = differences.length;
  const mean = average(differences);
  if (n < 2) return { differences, mean };
  const error = standardError(differences);
  const half = tQuantile((1 + CONFIDENCE) / 2, n - 1) * error;
  // Without any spread the seeds agree exactly: a difference then is certain, none is none.
  const p = error > 0 ? 2 * (1 - tDistribution(Math.abs(mean) / error, n - 1)) : Number(mean === 0);
  return { differences, mean, interval: [mean - half, mean + half], p };
}

/** Mean with its 95 % t-interval over seeds. */
export function meanInterval(values: readonly number[]): { mean: number; interval?: [low: number, high: number] } {
  const { mean, interval } = pairedDifference(
    values,
    values.map(() => 0),
  );
  return { mean, interval };
}

/** Holm's step-down adjustment (1979): adjusted p-values in the order given, undefined where there was none. */
export function holm(pValues: readonly (number | undefined)[]): (number | undefined)[] {
  const order = pValues.flatMap((p, i) => (p === undefined ? [] : [{ p, i }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | undefined)[] = pValues.map(() => undefined);
  let largest = 0;
  order.forEach(({ p, i }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (order.length - rank)));
    adjusted[i] = largest;
  });
  return adjusted;
}

/** What an adjusted p-value says at the 5 % level. */
export function verdictOf({ mean }: Pick<PairedDifference, 'mean'>, adjustedP: number | undefined): Verdict {
  if (adjustedP === undefined) return 'too few seeds';
  if (adjustedP >= SIGNIFICANCE) return 'not distinguishable';
  return mean < 0 ? 'lower' : 'higher';
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const mean = average(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** P(T <= t) of Student's t with `degrees` degrees of freedom, by its closed form for whole degrees (Abramowitz and Stegun 26.7.3-4). */
export function tDistribution(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cos = Math.cos(angle);
  let term = degrees % 2 ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = degrees % 2 ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    sum += term;
  }
  const within = degrees % 2 ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return (1 + within) / 2;
}

/** The t below which a share of the distribution lies, by bisection. */
export function tQuantile(share: number, degrees: number): number {
  let low = -1e4;
  let high = 1e4;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (tDistribution(middle, degrees) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
