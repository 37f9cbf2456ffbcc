/** Encodings whose tables differ between queries and keys, between layers, or turn only some pairs: training and generation, whole. */
import { describe, expect, it } from 'vitest';
import { batchFromIds, targetWeightSum } from '../core/batch';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import type { RopeParameters } from '../core/positionEncoding';
import { Rng } from '../core/rng';
import { assertHealthy, requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { expectClose, normalValues } from '../kernels/parity';
import { elementCount } from '../kernels/tensor';
import { modelBackward, modelForward } from '../reference/model';
import { ProgramContext } from './context';
import { Engine } from './engine';
import { Generator } from './generator';
import { trainProgram } from './programs';
import { RotaryTableSet } from './rotary';
import { ModelTensors } from './tensors';
import { uploadBatch } from './upload';

const gpu = await requestGpu(navigator.gpu);
const pipelines = new PipelineCache(gpu.device);
const LENGTH = 48;

const configOf = (ropeParameters: RopeParameters): ModelConfig => ({
  vocabSize: 33,
  hiddenSize: 20,
  intermediateSize: 21,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 20,
  maxPositionEmbeddings: LENGTH,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: false,
  initializerRange: 0.02,
  bosTokenId: 0,
  eosTokenId: 0,
  ropeParameters,
});

// At scale_base 8 the slowest pair keeps two thirds of its score over the whole row, and the fastest 1 part in 2,000.
const ENCODINGS: [string, RopeParameters][] = [
  ['xpos', { rope_type: 'xpos', rope_theta: 500, scale_base: 8 }],
  ['nope', { rope_type: 'nope', rope_theta: 500 }],
  [
    'xpos, 12 of 20 dims, one layer without',
    { rope_type: 'xpos', rope_theta: 500, scale_base: 8, partial_rotary_factor: 0.6, nope_layers: [1] },
  ],
];

describe.each(ENCODINGS)('%s', (_, rope) => {
  const config = configOf(rope);
  const weights = new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const mean = shape.length === 1 ? 1 : 0;
      return [name, normalValues(name, elementCount(shape), 0.3).map((value) => mean + value)];
    }),
  );
  const doubles = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]));
  const rng = Rng.of(0, 'rotary.gpu.test');
  const ids = Array.from({ length: LENGTH }, () => rng.integer(config.vocabSize));
  const batch = batchFromIds([ids]);
  const forward = modelForward(config, doubles, batch);

  it('trains and generates as the oracle does', async () => {
    const model = new ModelTensors(config, LENGTH);
    const rotary = new RotaryTableSet(config, [LENGTH]);
    const variants = defaultVariants(gpu.facts, config);
    const program = trainProgram(new ProgramContext(model, rotary, variants, { rows: 1, length: LENGTH }));
    const engine = await Engine.create(gpu, pipelines, [program]);
    let generator: Generator | undefined;
    try {
      engine.write(model.optimizer.weights, model.layout.pack(weights));
      for (const { tensor, values } of rotary.contents()) engine.write(tensor, values);
      const { gradients, lossPartials } = model.optimizer;
      for (const tensor of [gradients, lossPartials]) engine.write(tensor, new Float32Array(elementCount(tensor.shape)));
      uploadBatch(engine, model, batch, targetWeightSum([batch]));
      engine.run(program);
      const [flat] = await engine.read([gradients]);
      const actual = model.layout.unpack(flat);
      for (const [name, expected] of modelBackward(config, doubles, batch, forward)) {
        const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        expectClose(actual.get(name)!, expected, { relative: 1e-4, absolute: 2e-5 * largest }, name);
      }

      // A room larger than the row has another centre; scores must not notice.
      generator = await Generator.create({ gpu, pipelines, model, variants, length: LENGTH + 13, weightsFrom: engine });
      const logitsAt = (t: number) => forward.logits.subarray(t * config.vocabSize, (t + 1) * config.vocabSize);
      expectClose(await generator.prefill(ids.slice(0, 40)), logitsAt(39), { relative: 1e-4, absolute: 1e-4 }, 'prefill');
      for (let t = 40; t < LENGTH; t++)
        expectClose(await generator.decode(ids[t]), logitsAt(t), { relative: 1e-4, absolute: 1e-4 }, `decode at ${t}`);
      expect(generator.position).toBe(LENGTH);
      assertHealthy(gpu);
    } finally {
      generator?.destroy();
      engine.destroy();
    }
  });
});
