import { InputError } from '../core/errors';
import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import type { Program } from '../kernels/program';
import { Engine, planMemory } from '../model/engine';
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
  const { largestBindingBytes } = planMemory(programs, 0);
  const allowed = gpu.facts.limits.maxStorageBufferBindingSize;
  if (largestBindingBytes > allowed)
    throw new InputError(
      'memory plan',
      `every tensor within this adapter's largest binding of ${allowed} bytes`,
      largestBindingBytes,
      'use shorter rows or a smaller model',
    );
  const engine = await Engine.create(gpu, pipelines, programs);
  engine.write(model.optimizer.weights, model.layout.pack(weights));
  for (const { tensor, values } of rotary.contents()) engine.write(tensor, values);
  return engine;
}
