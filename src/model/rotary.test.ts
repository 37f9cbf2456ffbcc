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

  it('keeps queries and keys of xPos apart, at every length, and one table for all layers', () => {
    const xpos: RopeParameters = { rope_type: 'xpos', rope_theta: 500, scale_base: 16 };
    const set = new RotaryTableSet(config(16, xpos), [8, 32]);
    expect(set.contents()).toHaveLength(4);
    const { q, k } = set.layer(8, 0);
    expect(q.storage).not.toBe(k.storage);
    expect(set.layer(8, 2)).toEqual({ q, k });
    const { query, key } = rotaryTables(xpos, 16, 8, 0);
    const valuesOf = (tensor: typeof q) => set.contents().find((table) => table.tensor.storage === tensor.storage)?.values;
    expect(valuesOf(q)?.[0]).toBe(Math.fround(query.cos[0]));
    expect(valuesOf(k)?.[0]).toBe(Math.fround(key.cos[0]));
  });

  it('leaves the layers without rotation as they are', () => {
    const set = new RotaryTableSet(config(16, { ...DEFAULT, nope_layers: [1] }), [8, 32]);
    expect(set.contents()).toHaveLength(2);
    expect(set.layer(8, 0).q.storage).toBe(set.layer(32, 2).k.storage);
    const { storage } = set.layer(8, 1).q;
    expect(set.layer(32, 1).k.storage).toBe(storage);
    const values = set.contents().find(({ tensor }) => tensor.storage === storage)?.values;
    expect(values?.every((value, i) => value === 1 - (i % 2))).toBe(true);
  });
});
