/**
 * How far and how evenly heads look, over a chosen set of query rows. A is the softmax weight, i the query,
 * j <= i the key, s = doc_start of the query, the first token of its document, where an attention sink sits.
 */
import { type AttentionProblem, attentionRow } from './attention';

/** One head's statistics, or those of uniform attention over the same queries. All masses are means over the queries. */
export interface HeadStatistics {
  /** mean_i sum_j A (i - j), first token included, in tokens. */
  meanDistance: number;
  /** Ratio of sums over all queries: sum_(j > s) A (i - j) / sum_(j > s) A. Per query it would explode in sink heads. NaN where no mass is left. */
  meanDistanceWithoutFirst: number;
  /** sum_(j > s) A: the mass that `meanDistanceWithoutFirst` speaks for. */
  retainedMass: number;
  /** A[i, s]. */
  firstTokenMass: number;
  /** -sum_j A log A, nats. */
  entropy: number;
  /** Mass in log2 bins of the distance: [0] [1] [2-3] [4-7] ... */
  histogram: Float64Array;
  /** Mass at each distance 0 .. T - 1. */
  massByDistance: Float64Array;
}

export interface AttentionStatistics {
  /** One entry per query head, (N). */
  heads: HeadStatistics[];
  /** The same statistics of A = 1 / (i - s + 1): mean distance grows with T even without any preference. */
  uniform: HeadStatistics;
}

/** Bin of a distance: 0, 1, then one per power of two. */
export function distanceBin(distance: number): number {
  // clz32 is exact where floor(log2) could round.
  return 32 - Math.clz32(distance);
}

/** Statistics over `queries`, flat token indices b * T + t; all tokens when absent. */
export function attentionStatistics(problem: AttentionProblem, queries?: readonly number[]): AttentionStatistics {
  const { B, T, N, docStart } = problem;
  const rows = queries ?? Array.from({ length: B * T }, (_, m) => m);
  const heads = Array.from({ length: N }, (_, n) =>
    summarise(
      T,
      rows.map((m) => attentionRow(problem, Math.floor(m / T), m % T, n).weights),
    ),
  );
  const uniform = summarise(
    T,
    rows.map((m) => {
      const keys = (m % T) - docStart[m] + 1;
      return new Float64Array(keys).fill(1 / keys);
    }),
  );
  return { heads, uniform };
}

/** Each row holds a query's weights from the first key of its document to the query itself. */
function summarise(T: number, rows: readonly Float64Array[]): HeadStatistics {
  const massByDistance = new Float64Array(T);
  const histogram = new Float64Array(distanceBin(T - 1) + 1);
  let entropy = 0;
  let firstTokenMass = 0;
  let firstTokenMoment = 0;
  for (const weights of rows) {
    const last = weights.length - 1;
    weights.forEach((weight, j) => {
      massByDistance[last - j] += weight / rows.length;
      if (weight > 0) entropy -= (weight * Math.log(weight)) / rows.length;
    });
    firstTokenMass += weights[0] / rows.length;
    firstTokenMoment += (weights[0] * last) / rows.length;
  }
  massByDistance.forEach((mass, distance) => {
    histogram[distanceBin(distance)] += mass;
  });
  const total = massByDistance.reduce((sum, mass) => sum + mass, 0);
  const meanDistance = massByDistance.reduce((sum, mass, distance) => sum + mass * distance, 0);
  const retainedMass = total - firstTokenMass;
  return {
    meanDistance,
    meanDistanceWithoutFirst: (meanDistance - firstTokenMoment) / retainedMass,
    retainedMass,
    firstTokenMass,
    entropy,
    histogram,
    massByDistance,
  };
}
