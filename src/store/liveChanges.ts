import type { Recipe } from '../core/recipe';
import type { LiveChanges } from '../worker/protocol';
import { changeKind, recipeChanges } from './recipeFields';

/**
 * The live part of what separates a draft from a running recipe, as the worker takes it, and the running recipe with that part
 * applied. Knobs that need a fork stay as they are.
 */
export function liveChanges(running: Recipe, draft: Recipe): { changes: LiveChanges; recipe: Recipe } {
  const paths = new Set(
    recipeChanges(running, draft)
      .map(({ path }) => path)
      .filter((path) => changeKind(path) === 'live'),
  );
  const changes: LiveChanges = {};
  const recipe = structuredClone(running);
  const { optimizer: from } = draft;
  const { optimizer: to } = recipe;
  if (paths.has('optimizer.learning_rate')) changes.learningRate = to.learning_rate = from.learning_rate;
  if (paths.has('optimizer.min_learning_rate_ratio'))
    changes.minLearningRateRatio = to.min_learning_rate_ratio = from.min_learning_rate_ratio;
  if (paths.has('optimizer.weight_decay')) changes.weightDecay = to.weight_decay = from.weight_decay;
  if (paths.has('optimizer.betas')) changes.betas = to.betas = [...from.betas];
  if (paths.has('optimizer.eps')) changes.eps = to.eps = from.eps;
  if (paths.has('optimizer.max_grad_norm')) changes.maxGradNorm = to.max_grad_norm = from.max_grad_norm;
  if (paths.has('probes.every_steps')) changes.probeEverySteps = recipe.probes.every_steps = draft.probes.every_steps;
  if (paths.has('data.sources')) {
    recipe.data.sources = structuredClone(draft.data.sources);
    changes.shares = Object.fromEntries(draft.data.sources.map(({ name, share }) => [name, share]));
    // A source that the draft no longer names gets no more tokens.
    for (const { name } of running.data.sources) changes.shares[name] ??= 0;
  }
  return { changes, recipe };
}
