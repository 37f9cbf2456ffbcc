/**
 * What rotary frequencies imply before anything is trained. Every function takes theta_j (radians per position, one per rotary pair)
 * as `inverseFrequencies` returns them, so all encodings are compared alike. Where an encoding also scales pair j's score by decay_j^m
 * (xPos), its `decay` is given beside theta.
 */
import { inverseFrequencies } from './positionEncoding';

/** Positions in one full turn of each pair, 2 pi / theta_j. Pairs that do not turn have none; they are the last ones. */
export function wavelengths(theta: Float64Array): Float64Array {
  return theta.filter((frequency) => frequency > 0).map((frequency) => (2 * Math.PI) / frequency);
}

/** B(m) = sum_j decay_j^m cos(m theta_j): the bias of a score towards a similar token over a random one at distance m (arXiv 2405.14591). */
export function cosineSum(theta: Float64Array, distance: number, decay?: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < theta.length; j++) sum += Math.cos(distance * theta[j]) * (decay ? decay[j] ** distance : 1);
  return sum;
}

/** A(m) = (2 / sqrt d) B(m): the attention score before softmax of an all-ones query and key (paper, Fig. 4). */
export function allOnesScore(theta: Float64Array, distance: number, decay?: Float64Array): number {
  return (2 / Math.sqrt(2 * theta.length)) * cosineSum(theta, distance, decay);
}

/** A(m) at each given distance, for a plot. */
export function decayCurve(theta: Float64Array, distances: ArrayLike<number>, decay?: Float64Array): Float64Array {
  return Float64Array.from(distances, (distance) => allOnesScore(theta, distance, decay));
}

/** The first distance 1 <= m <= context with B(m) < 0, or null where there is none. */
export function firstNegativeDistance(theta: Float64Array, context: number, decay?: Float64Array): number | null {
  // Each pair is turned by theta_j per step instead of calling cos; the error after 1e6 turns stays near 1e-10.
  const stepCos = theta.map((frequency, j) => Math.cos(frequency) * (decay?.[j] ?? 1));
  const stepSin = theta.map((frequency, j) => Math.sin(frequency) * (decay?.[j] ?? 1));
  const cos = new Float64Array(theta.length).fill(1);
  const sin = new Float64Array(theta.length);
  for (let distance = 1; distance <= context; distance++) {
    let sum = 0;
    for (let j = 0; j < theta.length; j++) {
      const turned = cos[j] * stepCos[j] - sin[j] * stepSin[j];
      sin[j] = sin[j] * stepCos[j] + cos[j] * stepSin[j];
      cos[j] = turned;
      sum += turned;
    }
    if (sum < 0) return distance;
  }
  return null;
}

/** Grid of `smallestSafeBase`: this many bases per decade, from 10 to 1e9. */
const BASES_PER_DECADE = 200;
const LAST_DECADE = 9;

/**
 * The smallest RoPE base with B(m) >= 0 for all m <= context, or null if none up to 1e9 is.
 *
 * The safe bases are no half-line: larger ones fail again (head_dim 32, context 1024: 5.8e4 is safe, 1.52e5 is not), and below the first
 * wide window lie slivers (head_dim 64, context 512: 3.44e3 is safe, then nothing until 5.4e3). So "smallest" needs a resolution to
 * mean anything, and the grid of 1.16 % steps is part of the definition. Use it as a hint, never as a bound.
 */
export function smallestSafeBase(headDim: number, context: number): number | null {
  for (let i = BASES_PER_DECADE; i <= LAST_DECADE * BASES_PER_DECADE; i++) {
    const base = 10 ** (i / BASES_PER_DECADE);
    const { inverseFrequencies: theta } = inverseFrequencies({ rope_type: 'default', rope_theta: base }, headDim, context);
    if (firstNegativeDistance(theta, context) === null) return base;
  }
  return null;
}

/**
 * Granularity C_d = (2 / d) sum_j sin theta_j: how far apart neighbouring positions are turned, as the mean sine of the angle between
 * them. The paper prints a plain sum, which diverges with d; the mean is what its Theorem 1 bounds.
 */
export function granularity(theta: Float64Array): number {
  let sum = 0;
  for (const frequency of theta) sum += Math.sin(frequency);
  return sum / theta.length;
}

/**
 * The paper's limit of granularity for wide heads, alpha / ln(base), with its bounds (appendix B): alpha is 1 over the interpolation factor,
 * base is beta b for an adjusted base. The lower bound takes sin x >= x - x^2/pi; with the mean form of C_d the term would be alpha/(2 pi).
 */
export function granularityLimit(alpha: number, base: number): { limit: number; lower: number; upper: number } {
  const limit = alpha / Math.log(base);
  const share = (base - 1) / base;
  return { limit, lower: limit * (share - (alpha / Math.PI) * ((base ** 2 - 1) / base ** 2)), upper: limit * share };
}
