import { type LiveChanges, withLiveChanges } from '../../core/liveChanges';
import type { Recipe } from '../../core/recipe';
import { kindOfChange, recipeChanges } from './recipeFields';

/**
 * The live part of what separates a draft from a running recipe, as the worker takes it, and the running recipe with that part
 * applied. Knobs that need a fork stay as they are.
 */
export function liveChanges(running: Recipe, draft: Recipe): { changes: LiveChanges; recipe: Recipe } {
  const { optimizer, probes } = draft;
  const all: Record<string, LiveChanges> = {
    'optimizer.learning_rate': { learningRate: optimizer.learning_rate },
    'optimizer.min_learning_rate_ratio': { minLearningRateRatio: optimizer.min_learning_rate_ratio },
    'optimizer.weight_decay': { weightDecay: optimizer.weight_decay },
    'optimizer.betas': { betas: optimizer.betas },
    'optimizer.eps': { eps: optimizer.eps },
    'optimizer.max_grad_norm': { maxGradNorm: optimizer.max_grad_norm },
    'probes.every_steps': { probeEverySteps: probes.every_steps },
    'data.sources': { shares: sharesOver(running, draft) },
  };
  const live = recipeChanges(running, draft).filter((change) => kindOfChange(change) === 'live');
  const changes: LiveChanges = Object.assign({}, ...live.map(({ path }) => all[path]));
  return { changes, recipe: withLiveChanges(running, changes) };
}

/** The draft's share of every source the run has; one that left the draft gets no more tokens. */
function sharesOver(running: Recipe, draft: Recipe): Record<string, number> {
  const wanted = new Map(draft.data.sources.map(({ name, share }) => [name, share]));
  return Object.fromEntries(running.data.sources.map(({ name }) => [name, wanted.get(name) ?? 0]));
}
