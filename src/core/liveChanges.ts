import type { Recipe } from './recipe';

/** Knobs that act on a running run at its next step. */
export interface LiveChanges {
  learningRate?: number;
  minLearningRateRatio?: number;
  weightDecay?: number;
  betas?: [number, number];
  eps?: number;
  maxGradNorm?: number;
  /** Source name to share of tokens. */
  shares?: Record<string, number>;
  probeEverySteps?: number;
}

/** The recipe as it reads with the changes made: what a fork from here on inherits. */
export function withLiveChanges(recipe: Recipe, changes: LiveChanges): Recipe {
  const { optimizer, probes, data } = recipe;
  return {
    ...recipe,
    optimizer: {
      ...optimizer,
      learning_rate: changes.learningRate ?? optimizer.learning_rate,
      min_learning_rate_ratio: changes.minLearningRateRatio ?? optimizer.min_learning_rate_ratio,
      weight_decay: changes.weightDecay ?? optimizer.weight_decay,
      betas: changes.betas ?? optimizer.betas,
      eps: changes.eps ?? optimizer.eps,
      max_grad_norm: changes.maxGradNorm ?? optimizer.max_grad_norm,
    },
    probes: { ...probes, every_steps: changes.probeEverySteps ?? probes.every_steps },
    data: { sources: data.sources.map((source) => ({ ...source, share: changes.shares?.[source.name] ?? source.share })) },
  };
}
