import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import type { Program } from '../kernels/program';
import { Engine } from '../model/engine';
import type { RotaryTableSet } from '../model/rotary';
import type { ModelTensors } from '../model/tensors';
import type { NamedWeights } from '../model/weights';

/** An engine whose programs can run at once: a checkpoint's weights and the rotary tables are in their buffers. */
export async function openEngine(options: {
  gpu: Gpu;
  pipelines: PipelineCache;
  model: ModelTensors;
  rotary: RotaryTableSet;
  weights: NamedWeights;
  programs: readonly Program[];
}): Promise<Engine> {
  const { gpu, pipelines, model, rotary, weights, programs } = options;
  const engine = await Engine.create(gpu, pipelines, programs);
  engine.write(model.optimizer.weights, model.layout.pack(weights));
  for (const { tensor, values } of rotary.contents()) engine.write(tensor, values);
  return engine;
}
