import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { batchFromIds } from '../core/batch';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { Rng } from '../core/rng';
import { assertHealthy, requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { expectClose, normalValues } from '../kernels/parity';
import { elementCount } from '../kernels/tensor';
import { ProgramContext } from './context';
import { Engine } from './engine';
import { GenerationPlan } from './generationPlan';
import { Generator } from './generator';
import { logitsProgram } from './programs';
import { RotaryTableSet } from './rotary';
import { ModelTensors } from './tensors';
import { uploadBatch } from './upload';
import type { NamedWeights } from './weights';

const gpu = await requestGpu(navigator.gpu);
const pipelines = new PipelineCache(gpu.device);

/** Every width is padded, queries share keys three by three, and the position encoding depends on the length. */
const CONFIG: ModelConfig = {
  vocabSize: 33,
  hiddenSize: 30,
  intermediateSize: 21,
  numHiddenLayers: 2,
  numAttentionHeads: 6,
  numKeyValueHeads: 2,
  headDim: 20,
  maxPositionEmbeddings: 64,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: false,
  initializerRange: 0.02,
  bosTokenId: 0,
  eosTokenId: 0,
  ropeParameters: { rope_type: 'dynamic', rope_theta: 500, factor: 2, original_max_position_embeddings: 32 },
};

/** A room that is no multiple of a chunk, with a few places after the longest prompt. */
const LENGTH = 303;

/** Weights large enough that every path matters, norms around 1. */
function randomWeights(config: ModelConfig): NamedWeights {
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const mean = shape.length === 1 ? 1 : 0;
      return [name, normalValues(name, elementCount(shape), 0.3).map((value) => mean + value)];
    }),
  );
}

describe('Generator', () => {
  const model = new ModelTensors(CONFIG, LENGTH);
  const rotary = new RotaryTableSet(CONFIG, [LENGTH]);
  const variants = defaultVariants(gpu.facts, CONFIG);
  const whole = logitsProgram(new ProgramContext(model, rotary, variants, { rows: 1, length: LENGTH }));
  const rng = Rng.of(0, 'generator.gpu.test');
  const ids = Array.from({ length: LENGTH }, () => rng.integer(CONFIG.vocabSize));
  const options = { gpu, pipelines, model, variants, length: LENGTH };
  let parent: Engine;
  let generator: Generator;

  beforeAll(async () => {
    parent = await Engine.create(gpu, pipelines, [whole.program]);
    parent.write(model.optimizer.weights, model.layout.pack(randomWeights(CONFIG)));
    for (const { tensor, values } of rotary.contents()) parent.write(tensor, values);
    generator = await Generator.create({ ...options, weightsFrom: parent });
  });
  afterAll(() => {
    generator.destroy();
    parent.destroy();
  });

  /** Logits after each position, from one program over the whole row; what comes later does not change them. */
  async function logitsOfRow(): Promise<Float32Array[]> {
    uploadBatch(parent, model, batchFromIds([ids]), 1);
    parent.run(whole.program);
    const [logits] = await parent.read([whole.logits], whole.program);
    const stride = whole.logits.shape[1];
    return ids.map((_, t) => logits.subarray(t * stride, t * stride + CONFIG.vocabSize));
  }

  const expectLogits = (actual: Float32Array, expected: Float32Array, what: string) =>
    expectClose(actual, expected, { relative: 1e-4, absolute: 1e-4 }, what);

  it.each([1, 255, 256, 257, 300])(
    'has the logits of the whole row after a prompt of %s tokens and three more',
    async (prompt) => {
      const expected = await logitsOfRow();
      generator.reset();
      expectLogits(await generator.prefill(ids.slice(0, prompt)), expected[prompt - 1], 'prefill');
      for (let t = prompt; t < prompt + 3; t++) expectLogits(await generator.decode(ids[t]), expected[t], `decode at ${t}`);
      expect(generator.position).toBe(prompt + 3);
      assertHealthy(gpu);
    },
  );

  it('takes a prompt in pieces, up to the last place', async () => {
    const expected = await logitsOfRow();
    generator.reset();
    await generator.prefill(ids.slice(0, 30));
    await generator.decode(ids[30]);
    expectLogits(await generator.prefill(ids.slice(31)), expected[LENGTH - 1], 'second piece');
    expect(generator.position).toBe(LENGTH);
  });

  it('refuses what does not fit and what is no token, and appends none of it', async () => {
    const expected = await logitsOfRow();
    generator.reset();
    await generator.prefill(ids.slice(0, 300));
    await expect(generator.prefill([1, 2, 3, 4])).rejects.toThrow(/at most 303 tokens, got 304/);
    await expect(generator.prefill([])).rejects.toThrow(/at least one token/);
    await expect(generator.decode(33)).rejects.toThrow(/below vocab_size 33, got 33/);
    expectLogits(await generator.prefill(ids.slice(300)), expected[LENGTH - 1], 'after refusals');
    await expect(generator.decode(0)).rejects.toThrow(/begin a new context/);
  });

  it('takes a prompt in narrower chunks where chunks take long, with the same bits', async () => {
    const prompt = Array.from({ length: 600 }, (_, i) => i % CONFIG.vocabSize);
    const submits = vi.spyOn(gpu.device.queue, 'submit');
    const prefill = async (maxChunkMs: number) => {
      const own = await Generator.create({ ...options, length: prompt.length, weightsFrom: parent, maxChunkMs });
      submits.mockClear();
      try {
        return { logits: await own.prefill(prompt), submits: submits.mock.calls.length };
      } finally {
        own.destroy();
      }
    };
    try {
      const unhurried = await prefill(Number.POSITIVE_INFINITY);
      const hurried = await prefill(0);
      // 256 + 256 + 88 tokens and the head; 256 + 128 + 3 × 64 + 24 and the head.
      expect([unhurried.submits, hurried.submits]).toEqual([4, 7]);
      expect(hurried.logits).toEqual(unhurried.logits);
    } finally {
      submits.mockRestore();
    }
  });

  it('works in a room of one token', async () => {
    const one = await Generator.create({ ...options, length: 1, weightsFrom: parent });
    try {
      expect((await one.prefill([3])).every(Number.isFinite)).toBe(true);
      assertHealthy(gpu);
    } finally {
      one.destroy();
    }
  });

  it('follows the weights of its parent', async () => {
    generator.reset();
    const before = await generator.prefill(ids.slice(0, 5));
    const flat = model.layout.pack(randomWeights(CONFIG));
    parent.write(
      model.optimizer.weights,
      flat.map((value) => value * 0.9),
    );
    try {
      const expected = await logitsOfRow();
      generator.reset();
      const after = await generator.prefill(ids.slice(0, 5));
      expectLogits(after, expected[4], 'new weights');
      expect(after).not.toEqual(before);
    } finally {
      parent.write(model.optimizer.weights, flat);
    }
  });

  it('takes exactly the planned bytes beside its parent, none per token, and gives them back', async () => {
    const created = vi.spyOn(gpu.device, 'createBuffer');
    try {
      const second = await Generator.create({ ...options, weightsFrom: parent });
      const buffers = created.mock.results.map(({ value }) => value as GPUBuffer);
      const plan = new GenerationPlan({ ...options, facts: gpu.facts }).memory([whole.program]);
      expect(buffers.reduce((sum, { size }) => sum + size, 0)).toBe(plan.totalBytes);
      expect(plan.bytes.weights).toBeUndefined();
      // Two layers of (303, 2·2, 24) float32.
      expect(plan.bytes['kv cache']).toBe(2 * LENGTH * 4 * 24 * 4);
      created.mockClear();
      await second.prefill(ids.slice(0, 70));
      await second.decode(ids[70]);
      expect(created).not.toHaveBeenCalled();
      const freed = buffers.map((buffer) => vi.spyOn(buffer, 'destroy'));
      second.destroy();
      for (const destroy of freed) expect(destroy).toHaveBeenCalled();
      // The parent's weights are still there.
      await logitsOfRow();
      assertHealthy(gpu);
    } finally {
      created.mockRestore();
    }
  });
});
