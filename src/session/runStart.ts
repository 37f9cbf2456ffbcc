import { InputError } from '../core/errors';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import type { Recipe } from '../core/recipe';
import type { ForkOptions } from '../core/records';
import { ParameterLayout } from '../model/layout';
import type { NamedWeights } from '../model/weights';
import type { RunStart } from './activeRun';
import type { Checkpoint } from './checkpoint';

/** A run at step 0 with these weights and no optimizer history. */
export function startFromWeights(config: ModelConfig, weights: NamedWeights): RunStart {
  const layout = new ParameterLayout(config);
  return {
    progress: { step: 0, tokens: 0, flops: 0, seconds: 0 },
    adamSteps: 0,
    scheduleStart: 0,
    weights: layout.pack(weights),
    moment1: new Float32Array(layout.size),
    moment2: new Float32Array(layout.size),
  };
}

/** A child's start: the parent's weights, and what the options say of moments, schedule and data. */
export function startFromFork(parent: Checkpoint, child: Recipe, options: ForkOptions): RunStart {
  const keep = options.moments === 'keep';
  const restart = options.schedule === 'restart';
  return {
    progress: { ...parent.progress },
    adamSteps: keep ? parent.adamSteps : 0,
    scheduleStart: restart ? parent.progress.step : parent.scheduleStart,
    weights: parent.weights,
    moment1: keep ? parent.moment1 : new Float32Array(parent.moment1.length),
    moment2: keep ? parent.moment2 : new Float32Array(parent.moment2.length),
    // Another seed or another set of sources is another stream, from its own beginning.
    cursor: sameStream(parent, child) ? parent.cursor : undefined,
  };
}

/** The child's recipe as it will run: its tokens end where the budget says, and a restarted schedule has its own warm-up. */
export function forkRecipe(recipe: Recipe, parent: Checkpoint, options: ForkOptions): Recipe {
  const { curriculum, optimizer } = recipe;
  const total = options.tokenBudget === undefined ? curriculum.total_tokens : parent.progress.tokens + options.tokenBudget;
  if (total <= parent.progress.tokens)
    throw new InputError(
      'fork',
      `curriculum.total_tokens above the ${parent.progress.tokens} already trained`,
      total,
      'raise total_tokens or give the fork a token budget',
    );
  return {
    ...recipe,
    curriculum: { ...curriculum, total_tokens: total },
    optimizer: options.schedule === 'restart' ? { ...optimizer, warmup_steps: options.warmupSteps } : optimizer,
  };
}

/** Whether weights of one model fit another: the same tensors in the same shapes, and the same heads to split them into. */
export function sameArchitecture(a: ModelConfig, b: ModelConfig): boolean {
  const key = (config: ModelConfig) => JSON.stringify([parameterShapes(config), config.headDim]);
  return key(a) === key(b);
}

function sameStream({ cursor }: Checkpoint, { seed, data }: Recipe): boolean {
  const names = data.sources.map(({ name }) => name).join();
  return cursor.seed === seed && Object.keys(cursor.sources).join() === names;
}
