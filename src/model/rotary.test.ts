import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../core/modelConfig';
import { type RopeParameters, rotaryTables } from '../core/positionEncoding';
import { elementCount } from '../kernels/tensor';
import { RotaryTableSet } from './rotary';

const config = (headDim: number, ropeParameters: RopeParameters): ModelConfig => ({
  vocabSize: 33,
  hiddenSize: 30,
  intermediateSize: 21,
  numHiddenLayers: 3,
  numAttentionHeads: 2,
  numKeyValueHeads: 1,
  headDim,
  maxPositionEmbeddings: 64,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: 0,
  eosTokenId: 0,
  ropeParameters,
});

const DEFAULT: RopeParameters = { rope_type: 'default', rope_theta: 500 };

describe('RotaryTableSet', () => {
  it('holds (cos, sin) per position and pair, and (1, 0) for padding', () => {
    const set = new RotaryTableSet(config(6, DEFAULT), [5]);
    const [{ tensor, values }] = set.contents();
    expect(tensor.shape).toEqual([5, 4, 2]);
    const { query } = rotaryTables(DEFAULT, 6, 5, 0);
    for (let t = 0; t < 5; t++)
      for (let pair = 0; pair < 4; pair++) {
        const [cos, sin] = pair < 3 ? [query.cos[t * 3 + pair], query.sin[t * 3 + pair]] : [1, 0];
        expect([...values.subarray((t * 4 + pair) * 2, (t * 4 + pair) * 2 + 2)]).toEqual([cos, sin].map(Math.fround));
      }
  });

  it('keeps one table for all layers, for queries and keys, and for every shorter length', () => {
    const set = new RotaryTableSet(config(16, DEFAULT), [8, 32, 8]);
    expect(set.contents()).toHaveLength(1);
    const tensors = [8, 32].flatMap((length) => [0, 1, 2].flatMap((layer) => Object.values(set.layer(length, layer))));
    expect(new Set(tensors.map(({ storage }) => storage)).size).toBe(1);
    expect(set.layer(8, 0).q.shape).toEqual([8, 8, 2]);
    expect(set.layer(32, 2).k.shape).toEqual([32, 8, 2]);
  });

  it('keeps a table per length where the length changes the frequencies', () => {
    const dynamic: RopeParameters = {
      rope_type: 'dynamic',
      rope_theta: 500,
      factor: 2,
      original_max_position_embeddings: 8,
    };
    const set = new RotaryTableSet(config(16, dynamic), [8, 16, 32]);
    expect(set.contents()).toHaveLength(3);
    for (const { tensor, values } of set.contents()) {
      expect(values).toHaveLength(elementCount(tensor.shape));
      expect(tensor.storage.bytes).toBe(4 * values.length);
      expect(tensor.storage.persistent).toBe(true);
    }
  });
});
