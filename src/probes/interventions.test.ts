import { describe, expect, it } from 'vitest';
import { batchFromIds } from '../core/batch';
import { checkIntervention, type Intervention } from '../core/intervention';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { Rng } from '../core/rng';
import type { NamedWeights } from '../model/weights';
import { modelForward } from '../reference/model';
import { cutAnswers, cutWindows, silenced, type WeightIntervention } from './interventions';

const CONFIG: ModelConfig = {
  vocabSize: 11,
  hiddenSize: 8,
  intermediateSize: 12,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 4,
  maxPositionEmbeddings: 16,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.5,
  bosTokenId: 0,
  eosTokenId: 1,
  ropeParameters: { rope_type: 'default', rope_theta: 100 },
};
const IDS = [0, 7, 3, 9, 4, 7, 3, 2, 5, 10, 6, 8];

function randomWeights(seed: number): NamedWeights {
  return new Map(
    parameterShapes(CONFIG).map(({ name, shape }) => {
      const rng = Rng.of(seed, name);
      return [name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal())];
    }),
  );
}

const weights = randomWeights(1);
const other = randomWeights(2);
/** The weights with some tensors' rows [from, to) from elsewhere. */
function withRows(base: NamedWeights, name: string, from: number, to: number): NamedWeights {
  const values = base.get(name)!.slice();
  const columns = values.length / parameterShapes(CONFIG).find((shape) => shape.name === name)!.shape[0];
  values.set(other.get(name)!.subarray(from * columns, to * columns), from * columns);
  return new Map(base).set(name, values);
}

const lossesOf = (given: NamedWeights, batch = batchFromIds([IDS])) => [
  ...modelForward(CONFIG, new Map([...given].map(([name, values]) => [name, Float64Array.from(values)])), batch).losses,
];

/** Silences a part, then asks whether what feeds only that part still matters. */
function expectDeaf(intervention: WeightIntervention, name: string, from: number, to: number) {
  const base = lossesOf(silenced(CONFIG, weights, intervention));
  expect(base).not.toEqual(lossesOf(weights));
  expect(lossesOf(withRows(weights, name, from, to))).not.toEqual(lossesOf(weights));
  const changed = lossesOf(silenced(CONFIG, withRows(weights, name, from, to), intervention));
  changed.forEach((loss, i) => {
    expect(loss).toBeCloseTo(base[i], 12);
  });
}

describe('silencing', () => {
  it('a head leaves nothing of its query, and the other heads as they are', () => {
    const intervention = { kind: 'head', layer: 1, head: 2 } as const;
    expectDeaf(intervention, 'model.layers.1.self_attn.q_proj.weight', 8, 12);
    const silent = silenced(CONFIG, weights, intervention);
    // Another head's query still matters.
    expect(
      lossesOf(silenced(CONFIG, withRows(weights, 'model.layers.1.self_attn.q_proj.weight', 0, 4), intervention)),
    ).not.toEqual(lossesOf(silent));
  });

  it('a layer leaves nothing of its values or its MLP', () => {
    expectDeaf({ kind: 'layer', layer: 0 }, 'model.layers.0.self_attn.v_proj.weight', 0, 8);
    expectDeaf({ kind: 'layer', layer: 0 }, 'model.layers.0.mlp.up_proj.weight', 0, 12);
  });

  it('a band of pairs leaves nothing of the keys’ same pairs', () => {
    // Pair 1 is rows 1 and 3 of each head of 4.
    for (const row of [1, 3, 5, 7])
      expectDeaf({ kind: 'band', from: 1, to: 2 }, 'model.layers.0.self_attn.k_proj.weight', row, row + 1);
    const silent = { kind: 'band', from: 1, to: 2 } as const;
    expect(lossesOf(silenced(CONFIG, withRows(weights, 'model.layers.0.self_attn.k_proj.weight', 0, 1), silent))).not.toEqual(
      lossesOf(silenced(CONFIG, weights, silent)),
    );
  });

  it('never touches the weights it was given', () => {
    const before = [...weights].map(([name, values]) => [name, values.slice()] as const);
    for (const intervention of [
      { kind: 'layer', layer: 1 },
      { kind: 'band', from: 0, to: 2 },
    ] as const)
      silenced(CONFIG, weights, intervention);
    for (const [name, values] of before) expect(weights.get(name)).toEqual(values);
  });
});

describe('cutting context', () => {
  it('reads every block as a document of its own, and counts the same targets in both', () => {
    const { whole, cut } = cutWindows(batchFromIds([IDS]), 4, CONFIG.bosTokenId);
    expect([...cut.targetWeights]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0]);
    expect(whole.targetWeights).toEqual(cut.targetWeights);
    expect([...whole.ids]).toEqual(IDS);
    const alone = lossesOf(weights, batchFromIds([[0, ...IDS.slice(5, 9)]]));
    const losses = lossesOf(weights, cut);
    // Position 6 sees BOS in place of 4, then 5 and 6.
    expect(losses[6]).toBeCloseTo(alone[2], 12);
    expect(losses[6]).not.toBeCloseTo(lossesOf(weights, whole)[6], 3);
  });

  it('leaves an answer just the tokens before it', () => {
    const batch = batchFromIds([IDS]);
    const answers = [{ row: 0, start: 9, end: 11, distance: 5, requestedDistance: 5, otherValues: [] }];
    const { batch: cut } = cutAnswers({ batch, control: batch, answers }, 4, CONFIG.bosTokenId);
    const alone = lossesOf(weights, batchFromIds([[0, ...IDS.slice(6, 11)]]));
    expect(lossesOf(weights, cut)[8]).toBeCloseTo(alone[3], 12);
    expect([...cutAnswers({ batch, control: batch, answers }, 12, 0).batch.ids]).toEqual(IDS);
  });
});

it.each([
  [{ kind: 'head', layer: 2, head: 0 }, /layer from 0 to 1, got 2/],
  [{ kind: 'head', layer: 0, head: 4 }, /head from 0 to 3, got 4/],
  [{ kind: 'layer', layer: -1 }, /layer from 0 to 1, got -1/],
  [{ kind: 'band', from: 1, to: 1 }, /to from 2 to 2, got 1/],
  [{ kind: 'band', from: 2, to: 3 }, /from from 0 to 1, got 2/],
  [{ kind: 'cut', context: 1 }, /context from 2 to 64, got 1/],
  [{ kind: 'cut', context: 2.5 }, /context from 2 to 64, got 2.5/],
] satisfies [Intervention, RegExp][])('refuses %o', (intervention, message) => {
  expect(() => checkIntervention(intervention, CONFIG, 64)).toThrow(message);
});
