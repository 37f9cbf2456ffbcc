import { Rng } from '../../core/rng';
import type { Gpu } from '../../gpu/device';
import type { PipelineCache } from '../../gpu/pipelines';
import { elementBytes, tensorBytes } from '../../kernels/tensor';
import type { Engine } from '../../model/engine';
import { Generator } from '../../model/generator';
import type { Blueprint } from '../blueprint';

/** A prompt and what comes after it, under the clock. */
export interface DecodeTimes {
  promptTokens: number;
  prefillMs: number;
  /** Median per token. */
  decodeMs: number;
  /** What one token must read at least: all weights but the embedding's other rows, and the cache. */
  bytes: number;
  /** Those bytes at the adapter's copy bandwidth. */
  floorMs: number;
}

/** Tokens decoded: one to warm up, and an odd number of which one is the median. */
const DECODED = 1 + 9;

/** Prefills a random prompt, then decodes. @param weightsFrom the engine that holds the weights of the blueprint's model. */
export async function measureDecode(options: {
  gpu: Gpu;
  pipelines: PipelineCache;
  blueprint: Blueprint;
  weightsFrom: Engine;
  promptTokens: number;
  copyGigabytesPerSecond: number;
}): Promise<DecodeTimes> {
  const { gpu, pipelines, blueprint, weightsFrom, promptTokens, copyGigabytesPerSecond } = options;
  const { model, config, variants } = blueprint;
  const generator = await Generator.create({ gpu, pipelines, model, weightsFrom, variants, length: promptTokens + DECODED });
  try {
    const rng = Rng.of(0, 'bench decode');
    const token = () => rng.integer(config.vocabSize);
    const clock = async (work: () => Promise<unknown>) => {
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const prefillMs = await clock(() => generator.prefill(Array.from({ length: promptTokens }, token)));
    const times: number[] = [];
    for (let i = 0; i < DECODED; i++) times.push(await clock(() => generator.decode(token())));
    const sorted = times.slice(1).sort((a, b) => a - b);
    const decodeMs = sorted[(sorted.length - 1) / 2];
    const weights = model.halfWeights ?? model.optimizer.weights;
    const embeddingBytes = config.tieWordEmbeddings ? 0 : tensorBytes(model.embedding.weight);
    const cached = model.layers.length * promptTokens * 2 * config.numKeyValueHeads * model.layout.padded.headDim;
    const bytes = tensorBytes(weights) - embeddingBytes + cached * elementBytes(weights);
    return { promptTokens, prefillMs, decodeMs, bytes, floorMs: bytes / copyGigabytesPerSecond / 1e6 };
  } finally {
    generator.destroy();
  }
}
