import { type Batch, batchFromIds, targetWeightSum } from '../../../src/core/batch';
import { type ModelConfig, parameterShapes } from '../../../src/core/modelConfig';
import { rotaryTables } from '../../../src/core/positionEncoding';
import { Rng } from '../../../src/core/rng';
import { initialWeights } from '../../../src/model/weights';
import { COMMON_MODEL } from '../../../src/session/bench/commonStep';

/** A weight under its Hugging Face name: (out, in) for matrices, (width) for norms. */
export interface CommonWeight {
  name: string;
  shape: number[];
  values: Float32Array<ArrayBuffer>;
}

/** One training step as numbers, the same for every library: a row of T tokens, V vocabulary, H head dimension. */
export interface CommonProblem {
  config: ModelConfig;
  /** T */
  length: number;
  weights: CommonWeight[];
  /** (T); the last position has no target, and weight 0. */
  batch: Batch;
  /** Sum of the target weights, by which the loss is divided. */
  targetCount: number;
  /** (T, H/2) each, from float64. Pairs are (j, j + H/2). */
  rotary: { cos: Float32Array<ArrayBuffer>; sin: Float32Array<ArrayBuffer> };
  optimizer: OptimizerSettings;
}

/** AdamW with decoupled decay on matrices only, after clipping by the global norm. */
export interface OptimizerSettings {
  learningRate: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  maxGradNorm: number;
}

/**
 * What Ropewalk's CommonStep trains on, rebuilt for the others from the same seeds and settings. Nothing checks that here: were they
 * not the same, no losses would agree and the benchmark would print no times.
 */
export function commonProblem(length: number): CommonProblem {
  const config = COMMON_MODEL;
  const weights = initialWeights(config, 0);
  const rng = Rng.of(0, `bench/length ${length}`);
  const batch = batchFromIds([Array.from({ length }, () => rng.integer(config.vocabSize))]);
  const { query } = rotaryTables(config.ropeParameters, config.headDim, length, 0);
  return {
    config,
    length,
    weights: parameterShapes(config).map(({ name, shape }) => ({ name, shape, values: weights.get(name)! })),
    batch,
    targetCount: targetWeightSum([batch]),
    rotary: { cos: Float32Array.from(query.cos), sin: Float32Array.from(query.sin) },
    optimizer: { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, maxGradNorm: 1 },
  };
}
