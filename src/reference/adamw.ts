/** Global-norm clipping and AdamW with decoupled decay (Loshchilov & Hutter 2019, arXiv 1711.05101), decay on matrices only. */

export interface AdamwSettings {
  learningRate: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  maxGradNorm: number;
}

/** First and second moments of each parameter, HF names; start at zero. */
export interface AdamwState {
  m: Map<string, Float64Array>;
  v: Map<string, Float64Array>;
}

export function createAdamwState(weights: ReadonlyMap<string, Float64Array>): AdamwState {
  const zeros = () => new Map([...weights].map(([name, weight]) => [name, new Float64Array(weight.length)]));
  return { m: zeros(), v: zeros() };
}

/** Square root of the summed squares of all gradients. */
export function globalNorm(grads: ReadonlyMap<string, Float64Array>): number {
  let squares = 0;
  for (const grad of grads.values()) for (const g of grad) squares += g * g;
  return Math.sqrt(squares);
}

/**
 * One step in place. `step` counts from 1; `isMatrix` says which weights decay. Returns the norm before clipping; where it is not finite
 * nothing is changed, so the weights stay those of the last good step.
 */
export function adamwStep(
  weights: ReadonlyMap<string, Float64Array>,
  grads: ReadonlyMap<string, Float64Array>,
  state: AdamwState,
  settings: AdamwSettings,
  step: number,
  isMatrix: (name: string) => boolean,
): number {
  const gradNorm = globalNorm(grads);
  if (!Number.isFinite(gradNorm)) return gradNorm;
  const { learningRate, betas, eps, weightDecay, maxGradNorm } = settings;
  const clip = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
  const correction = [1 - betas[0] ** step, 1 - betas[1] ** step];
  for (const [name, weight] of weights) {
    const [grad, m, v] = [grads, state.m, state.v].map((values) => values.get(name)!);
    const keep = isMatrix(name) ? 1 - learningRate * weightDecay : 1;
    for (let i = 0; i < weight.length; i++) {
      const g = grad[i] * clip;
      m[i] = betas[0] * m[i] + (1 - betas[0]) * g;
      v[i] = betas[1] * v[i] + (1 - betas[1]) * g * g;
      weight[i] = weight[i] * keep - (learningRate * (m[i] / correction[0])) / (Math.sqrt(v[i] / correction[1]) + eps);
    }
  }
  return gradNorm;
}
