import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { Rng } from '../core/rng';

/** Weights under their Hugging Face names. */
export type NamedWeights = Map<string, Float32Array<ArrayBuffer>>;

/**
 * Random weights: normal with `initializerRange`, norms at 1; projections that write into the residual stream are scaled by
 * 1/√(2 layers), as GPT-2 does, so that its variance does not grow with depth. Each tensor has its own stream of the seed.
 */
export function initialWeights(config: ModelConfig, seed: number): NamedWeights {
  const residualScale = 1 / Math.sqrt(2 * config.numHiddenLayers);
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      if (shape.length === 1) return [name, new Float32Array(count).fill(1)];
      const rng = Rng.of(seed, `init/${name}`);
      const scale = config.initializerRange * (/(o_proj|down_proj)/.test(name) ? residualScale : 1);
      return [name, Float32Array.from({ length: count }, () => scale * rng.normal())];
    }),
  );
}
