import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Batch, batchFromIds, targetWeightSum } from '../core/batch';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { Rng } from '../core/rng';
import { assertHealthy, requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { expectClose, normalValues } from '../kernels/parity';
import type { Program } from '../kernels/program';
import { elementCount, type Tensor } from '../kernels/tensor';
import { modelBackward, modelForward } from '../reference/model';
import { ProgramContext } from './context';
import { Engine, planMemory } from './engine';
import { evaluateProgram, logitsProgram, optimizerProgram, trainProgram } from './programs';
import { RotaryTableSet } from './rotary';
import { ModelTensors } from './tensors';
import { uploadBatch } from './upload';
import type { NamedWeights } from './weights';

const gpu = await requestGpu(navigator.gpu);
const pipelines = new PipelineCache(gpu.device);

const UNTIED: ModelConfig = {
  vocabSize: 33,
  hiddenSize: 20,
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
  ropeParameters: { rope_type: 'default', rope_theta: 500 },
};

const TIED: ModelConfig = {
  ...UNTIED,
  hiddenSize: 30,
  numAttentionHeads: 3,
  numKeyValueHeads: 1,
  headDim: 6,
  tieWordEmbeddings: true,
  ropeParameters: {
    rope_type: 'yarn',
    rope_theta: 500,
    factor: 4,
    original_max_position_embeddings: 16,
    beta_fast: 32,
    beta_slow: 1,
  },
};

const [ROWS, LENGTH] = [4, 37];

/** Weights large enough that every path matters, norms around 1. */
function randomWeights(config: ModelConfig): NamedWeights {
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const mean = shape.length === 1 ? 1 : 0;
      return [name, normalValues(name, elementCount(shape), 0.3).map((value) => mean + value)];
    }),
  );
}

/** Four rows of 37 tokens with document ends at several places; weights differ from token to token and from row to row. */
function randomBatch(config: ModelConfig): Batch {
  const rng = Rng.of(0, 'model.gpu.test');
  const ends = [[], [5, 6, 30], [18], [1, 36]];
  const row = () => Array.from({ length: LENGTH }, () => rng.integer(config.vocabSize));
  const documents = ends.map((at) => Array.from({ length: LENGTH }, (_, i) => at.filter((end) => end <= i).length));
  const batch = batchFromIds(Array.from({ length: ROWS }, row), documents);
  batch.targetWeights.forEach((weight, i) => {
    batch.targetWeights[i] = weight * [1, 0.25, 3][i % 3] * (1 + Math.floor(i / LENGTH));
  });
  return batch;
}

function rowsOfBatch(batch: Batch): Batch[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const [from, to] = [row * batch.length, (row + 1) * batch.length];
    return {
      rows: 1,
      length: batch.length,
      ids: batch.ids.slice(from, to),
      targets: batch.targets.slice(from, to),
      targetWeights: batch.targetWeights.slice(from, to),
      docStart: batch.docStart.slice(from, to),
    };
  });
}

/** The model on the GPU with programs for whole batches and for single rows. */
class ModelUnderTest {
  readonly model: ModelTensors;
  readonly programs: { train: Program; trainRow: Program; optimizer: Program; evaluate: Program; logits: Program };
  engine!: Engine;
  tokenLoss: Tensor;
  logits: Tensor;
  private readonly rotary: RotaryTableSet;

  constructor(readonly config: ModelConfig) {
    this.model = new ModelTensors(config, ROWS * LENGTH);
    this.rotary = new RotaryTableSet(config, [LENGTH]);
    const variants = defaultVariants(gpu.facts, config);
    const context = (rows: number) => new ProgramContext(this.model, this.rotary, variants, { rows, length: LENGTH });
    const evaluate = evaluateProgram(context(ROWS));
    const logits = logitsProgram(context(ROWS));
    this.tokenLoss = evaluate.tokenLoss;
    this.logits = logits.logits;
    this.programs = {
      train: trainProgram(context(ROWS)),
      trainRow: trainProgram(context(1)),
      optimizer: optimizerProgram(this.model),
      evaluate: evaluate.program,
      logits: logits.program,
    };
  }

  async create(weights: NamedWeights): Promise<void> {
    this.engine = await Engine.create(gpu, pipelines, Object.values(this.programs));
    this.engine.write(this.model.optimizer.weights, this.model.layout.pack(weights));
    for (const { tensor, values } of this.rotary.contents()) this.engine.write(tensor, values);
  }

  /** Loss and flat gradients of one step over these micro-batches. */
  async gradients(program: Program, batches: readonly Batch[]): Promise<{ loss: number; flat: Float32Array<ArrayBuffer> }> {
    const { gradients, lossPartials } = this.model.optimizer;
    for (const tensor of [gradients, lossPartials]) this.engine.write(tensor, new Float32Array(elementCount(tensor.shape)));
    const total = targetWeightSum(batches);
    for (const batch of batches) {
      uploadBatch(this.engine, this.model, batch, total);
      this.engine.run(program);
    }
    const [flat, partials] = await this.engine.read([gradients, lossPartials]);
    assertHealthy(gpu);
    return { loss: partials.reduce((sum, value) => sum + value, 0), flat };
  }
}

describe.each([
  ['untied, head_dim 20, 6 query on 2 key/value heads', UNTIED],
  ['tied, head_dim 6, 3 query on 1 key/value head, yarn', TIED],
])('a two-layer model: %s', (_, config) => {
  const weights = randomWeights(config);
  const batch = randomBatch(config);
  const doubles = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]));
  const forward = modelForward(config, doubles, batch);
  const subject = new ModelUnderTest(config);
  const { model, programs } = subject;

  beforeAll(() => subject.create(weights));
  afterAll(() => subject.engine.destroy());

  it('has the logits of the oracle, and zeros in padding columns', async () => {
    uploadBatch(subject.engine, model, batch, targetWeightSum([batch]));
    subject.engine.run(programs.logits);
    const [logits] = await subject.engine.read([subject.logits], programs.logits);
    const [width, stride] = [config.vocabSize, subject.logits.shape[1]];
    const expected = Float64Array.from(logits, (_, i) =>
      i % stride < width ? forward.logits[Math.floor(i / stride) * width + (i % stride)] : 0,
    );
    expectClose(logits, expected, { relative: 1e-4, absolute: 1e-4 }, 'logits');
  });

  it('has the loss of every token', async () => {
    uploadBatch(subject.engine, model, batch, targetWeightSum([batch]));
    subject.engine.run(programs.evaluate);
    const [tokenLoss] = await subject.engine.read([subject.tokenLoss], programs.evaluate);
    const nats = tokenLoss.filter((_, i) => i % 2 === 0);
    expectClose(nats, forward.losses, { relative: 1e-4, absolute: 1e-4 }, 'token losses');
  });

  it('has the loss and the gradient of every weight', async () => {
    const { loss, flat } = await subject.gradients(programs.train, [batch]);
    expectClose([loss], [forward.loss], { relative: 1e-5, absolute: 0 }, 'loss');
    const expected = modelBackward(config, doubles, batch, forward);
    const actual = model.layout.unpack(flat);
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, values] of actual) {
      const largest = expected.get(name)!.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      expectClose(values, expected.get(name)!, { relative: 1e-4, absolute: 2e-5 * largest }, name);
    }
    // Padding has no gradient, so it stays zero through every optimizer step.
    const repacked = model.layout.pack(actual);
    expect(repacked.every((value, i) => value === flat[i])).toBe(true);
  });

  it('gives the same bits when the step is repeated', async () => {
    const [first, second] = [await subject.gradients(programs.train, [batch]), await subject.gradients(programs.train, [batch])];
    expect(new Uint32Array(second.flat.buffer)).toEqual(new Uint32Array(first.flat.buffer));
    expect(second.loss).toBe(first.loss);
  });

  it('accumulates four micro-batches of one row to the gradient of one of four', async () => {
    const whole = await subject.gradients(programs.train, [batch]);
    const parts = await subject.gradients(programs.trainRow, rowsOfBatch(batch));
    expectClose([parts.loss], [whole.loss], { relative: 1e-6, absolute: 0 }, 'loss');
    const largest = whole.flat.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expectClose(parts.flat, whole.flat, { relative: 1e-5, absolute: 2e-6 * largest }, 'gradients');
  });
});

describe('memory', () => {
  it('takes exactly the planned bytes, and none while programs run', async () => {
    const subject = new ModelUnderTest(TIED);
    const created = vi.spyOn(gpu.device, 'createBuffer');
    try {
      await subject.create(randomWeights(TIED));
      const bytes = created.mock.calls.reduce((sum, [{ size }]) => sum + size, 0);
      const plan = planMemory(Object.values(subject.programs), 0);
      expect(bytes).toBe(plan.totalBytes);
      expect(Object.values(plan.bytes).reduce((sum, size) => sum + size, 0)).toBe(plan.totalBytes);
      const bindings = created.mock.calls.filter(([{ usage }]) => usage & GPUBufferUsage.STORAGE);
      expect(plan.largestBufferBytes).toBe(Math.max(...bindings.map(([{ size }]) => size)));
      const batch = randomBatch(TIED);
      created.mockClear();
      uploadBatch(subject.engine, subject.model, batch, targetWeightSum([batch]));
      for (const program of Object.values(subject.programs)) subject.engine.run(program);
      await gpu.device.queue.onSubmittedWorkDone();
      expect(created).not.toHaveBeenCalled();
      assertHealthy(gpu);
    } finally {
      created.mockRestore();
      subject.engine?.destroy();
    }
  });
});
