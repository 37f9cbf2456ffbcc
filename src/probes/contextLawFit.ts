/**
 * The least squares behind the context law: means by context, and the falling power law with a floor that fits them best. Always on the
 * loss itself: in log space, with gamma profiled, the fit collapses to gamma = 0 (EXPERIENCE.md, section 4).
 */

/** Mean loss by context over one set of documents. Arrays have one entry per bin, contexts ascending. */
export interface ContextMeans {
  /** Bin centres, geometric mean of c, in tokens. */
  contexts: Float64Array;
  /** Mean over documents, nats per token. */
  means: Float64Array;
  /** Standard error of that mean, nats per token: sample standard deviation over documents / sqrt(documents). */
  standardErrors: Float64Array;
}

/** Over the documents that `rows` lists, one as often as it is listed. `losses` is documents x bins, without NaN. */
export function meansOver(rows: ArrayLike<number>, losses: Float64Array, contexts: Float64Array): ContextMeans {
  const bins = contexts.length;
  const means = new Float64Array(bins);
  const standardErrors = new Float64Array(bins);
  // Sums start from the first row: what they lose to rounding is then small against the spread over documents, not against the loss.
  const origin = losses.subarray(rows[0] * bins, (rows[0] + 1) * bins);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * bins;
    for (let bin = 0; bin < bins; bin++) {
      const difference = losses[start + bin] - origin[bin];
      means[bin] += difference;
      standardErrors[bin] += difference * difference;
    }
  }
  for (let bin = 0; bin < bins; bin++) {
    const shift = means[bin] / rows.length;
    const variance = Math.max(0, standardErrors[bin] / rows.length - shift * shift);
    means[bin] = origin[bin] + shift;
    standardErrors[bin] = Math.sqrt(variance / (rows.length - 1));
  }
  return { contexts, means, standardErrors };
}

/** The weighted least squares optimum; `slope` 0 says that no falling curve does better than a constant. */
export interface PowerFit {
  /** Exponent; at or below 0 the curve falls without a floor, in a straight line of log c at 0. */
  beta: number;
  /** Scale of the power, in tokens; infinite without a floor. */
  alpha: number;
  /** Floor, nats per token; minus infinity without one. */
  gamma: number;
  /** -dL/d(log c) at the smallest c, nats per token; positive where the curve falls. */
  slope: number;
}

/** Exponents searched. Negative ones too, so that an interval of beta can reach past 0 instead of stopping at the edge of the search. */
const BETA_RANGE: readonly [lowest: number, highest: number] = [-1, 4];
const BETA_STEP = 0.05;
const BETA_TOLERANCE = 1e-6;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Whether the search cut this exponent off from above. */
export const atSearchEnd = (beta: number) => beta > BETA_RANGE[1] - 1e-3;

/** Whether the optimum is a context law: A > 0 and an exponent inside the search. */
export function fallsToFloor({ slope, beta }: PowerFit): boolean {
  return slope > 0 && beta > 0 && !atSearchEnd(beta);
}

/**
 * Fits L(c) = A c^-beta + gamma to means by context, by minimising sum(((mean - L) / standard error)^2) with A c^-beta falling. Made once
 * for a set of contexts and used for many means, as a bootstrap does; standard errors must be positive.
 *
 * The curve is written L = level + slope * f(c), f = ((c / c_1)^-beta - 1) / beta, which is the same family for beta > 0, passes through
 * the logarithm at beta = 0 and is well conditioned all along; so A = slope / beta * c_1^beta and gamma = level - slope / beta.
 */
export function powerFitter(contexts: Float64Array): (data: Pick<ContextMeans, 'means' | 'standardErrors'>) => PowerFit {
  const bins = contexts.length;
  const logs = contexts.map((c) => Math.log(c / contexts[0]));
  const shapeAt = (beta: number, shape: Float64Array) => {
    for (let bin = 0; bin < bins; bin++) shape[bin] = beta === 0 ? -logs[bin] : Math.expm1(-beta * logs[bin]) / beta;
    return shape;
  };
  const steps = Math.round((BETA_RANGE[1] - BETA_RANGE[0]) / BETA_STEP);
  const betas = Float64Array.from({ length: steps + 1 }, (_, i) => BETA_RANGE[0] + i * BETA_STEP);
  const shapes = Array.from(betas, (beta) => shapeAt(beta, new Float64Array(bins)));
  const scratch = new Float64Array(bins);

  return ({ means, standardErrors }) => {
    const weights = standardErrors.map((error) => error ** -2);
    const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
    for (let bin = 0; bin < bins; bin++) weights[bin] /= totalWeight;
    const meanLoss = means.reduce((sum, loss, bin) => sum + weights[bin] * loss, 0);

    /** Level and slope by linear least squares at one beta; `gain` is what they take off a constant's sum of squares. */
    const linear = (shape: Float64Array) => {
      let meanShape = 0;
      for (let bin = 0; bin < bins; bin++) meanShape += weights[bin] * shape[bin];
      let square = 0;
      let product = 0;
      for (let bin = 0; bin < bins; bin++) {
        const centred = shape[bin] - meanShape;
        square += weights[bin] * centred * centred;
        product += weights[bin] * centred * (means[bin] - meanLoss);
      }
      const slope = product / square;
      return { gain: product > 0 ? product * slope : 0, slope, level: meanLoss - slope * meanShape };
    };
    const gainAt = (beta: number) => linear(shapeAt(beta, scratch)).gain;

    let best = 0;
    let bestGain = 0;
    shapes.forEach((shape, i) => {
      const { gain } = linear(shape);
      if (gain > bestGain) [best, bestGain] = [i, gain];
    });
    if (bestGain === 0) return { beta: 0, alpha: 0, gamma: meanLoss, slope: 0 };
    const beta = goldenMaximum(gainAt, betas[Math.max(0, best - 1)], betas[Math.min(steps, best + 1)]);
    const { slope, level } = linear(shapeAt(beta, scratch));
    if (beta <= 0) return { beta, alpha: Infinity, gamma: -Infinity, slope };
    return { beta, alpha: contexts[0] * (slope / beta) ** (1 / beta), gamma: level - slope / beta, slope };
  };
}

/** Golden-section search for the maximum of a function with one peak between `low` and `high`. */
function goldenMaximum(value: (x: number) => number, low: number, high: number): number {
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let atLeft = value(left);
  let atRight = value(right);
  while (high - low > BETA_TOLERANCE) {
    if (atLeft > atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = value(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = value(right);
    }
  }
  return (low + high) / 2;
}
