import { describe, expect, it } from 'vitest';
import { batchFromIds, targetWeightSum } from '../core/batch';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { Rng } from '../core/rng';
import { adamwStep, createAdamwState, globalNorm } from './adamw';
import { centralDifferences } from './finiteDifference';
import { modelBackward, modelForward } from './model';

const TINY: ModelConfig = {
  vocabSize: 11,
  hiddenSize: 6,
  intermediateSize: 7,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 4,
  maxPositionEmbeddings: 16,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: 1,
  eosTokenId: 2,
  ropeParameters: { rope_type: 'default', rope_theta: 100 },
};

function randomWeights(config: ModelConfig): Map<string, Float64Array> {
  const rng = Rng.of(1, 'model.test');
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, Float64Array.from({ length }, () => (shape.length === 1 ? 1 : 0) + 0.4 * rng.normal())];
    }),
  );
}

/** Two rows of seven tokens; row 1 holds two documents, and one target weighs half. */
function batch() {
  const rows = [
    [1, 5, 3, 3, 9, 2, 4],
    [1, 7, 8, 1, 10, 0, 6],
  ];
  const documents = [
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 1, 1, 1, 1],
  ];
  const made = batchFromIds(rows, documents);
  made.targetWeights[1] = 0.5;
  return made;
}

describe('reference model', () => {
  it.each([true, false])('has the gradient of every weight that differences show, tied head: %s', (tieWordEmbeddings) => {
    const config = { ...TINY, tieWordEmbeddings };
    const weights = randomWeights(config);
    const given = batch();
    const grads = modelBackward(config, weights, given, modelForward(config, weights, given));
    expect([...grads.keys()].sort()).toEqual([...weights.keys()].sort());
    for (const [name, weight] of weights) {
      const loss = (probe: Float64Array) => modelForward(config, new Map(weights).set(name, probe), given).loss;
      const expected = centralDifferences(loss, weight);
      grads.get(name)!.forEach((value, i) => {
        expect(Math.abs(value - expected[i]), `${name}[${i}]`).toBeLessThan(1e-8);
      });
    }
  });

  it('gives each packed document the losses it has alone at its positions', () => {
    const weights = randomWeights(TINY);
    const given = batch();
    const { losses } = modelForward(TINY, weights, given);
    const alone = modelForward(TINY, weights, batchFromIds([[1, 7, 8]]));
    expect(losses[7]).toBeCloseTo(alone.losses[0], 13);
    expect(losses[8]).toBeCloseTo(alone.losses[1], 13);
  });

  it('adds up over micro-batches that weigh differently', () => {
    const weights = randomWeights(TINY);
    const whole = batch();
    const halves = [0, 1].map((row) => ({
      rows: 1,
      length: 7,
      ids: whole.ids.slice(row * 7, row * 7 + 7),
      targets: whole.targets.slice(row * 7, row * 7 + 7),
      targetWeights: whole.targetWeights.slice(row * 7, row * 7 + 7),
      docStart: whole.docStart.slice(row * 7, row * 7 + 7),
    }));
    const total = targetWeightSum(halves);
    expect(targetWeightSum([halves[0]])).not.toBe(targetWeightSum([halves[1]]));
    const loss = halves.reduce((sum, half) => sum + modelForward(TINY, weights, half, total).loss, 0);
    expect(loss).toBeCloseTo(modelForward(TINY, weights, whole).loss, 13);
  });
});

describe('AdamW', () => {
  const settings = { learningRate: 0.1, betas: [0.9, 0.95] as const, eps: 1e-8, weightDecay: 0.5, maxGradNorm: 1 };
  const make = () =>
    new Map([
      ['matrix', Float64Array.of(2, -2)],
      ['norm', Float64Array.of(1)],
    ]);
  const isMatrix = (name: string) => name === 'matrix';

  it('moves every weight by the learning rate at step 1, after decaying matrices', () => {
    const weights = make();
    const grads = new Map([
      ['matrix', Float64Array.of(3, -3)],
      ['norm', Float64Array.of(-1)],
    ]);
    const gradNorm = adamwStep(weights, grads, createAdamwState(weights), settings, 1, isMatrix);
    expect(gradNorm).toBeCloseTo(Math.sqrt(19), 14);
    expect(weights.get('matrix')![0]).toBeCloseTo(2 * 0.95 - 0.1, 6);
    expect(weights.get('matrix')![1]).toBeCloseTo(-2 * 0.95 + 0.1, 6);
    expect(weights.get('norm')![0]).toBeCloseTo(1.1, 6);
  });

  it('clips the gradient that enters the moments to the global norm', () => {
    const weights = make();
    const state = createAdamwState(weights);
    const grads = new Map([
      ['matrix', Float64Array.of(30, 0)],
      ['norm', Float64Array.of(40)],
    ]);
    expect(globalNorm(grads)).toBe(50);
    adamwStep(weights, grads, state, settings, 1, isMatrix);
    expect(state.m.get('matrix')![0]).toBeCloseTo(0.1 * (30 / 50), 8);
    expect(state.v.get('norm')![0]).toBeCloseTo(0.05 * (40 / 50) ** 2, 8);
  });

  it('changes nothing where a gradient is not finite', () => {
    const weights = make();
    const state = createAdamwState(weights);
    const grads = new Map([
      ['matrix', Float64Array.of(1, Number.POSITIVE_INFINITY)],
      ['norm', Float64Array.of(1)],
    ]);
    expect(adamwStep(weights, grads, state, settings, 1, isMatrix)).toBe(Number.POSITIVE_INFINITY);
    expect(weights).toEqual(make());
    expect(state).toEqual(createAdamwState(weights));
  });
});
