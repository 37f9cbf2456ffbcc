import { describe, expect, it } from 'vitest';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { elementCount } from '../kernels/tensor';
import { type ParameterBlock, ParameterLayout, paddedSizes } from './layout';
import { initialWeights } from './weights';

const BASE: ModelConfig = {
  vocabSize: 33,
  hiddenSize: 30,
  intermediateSize: 21,
  numHiddenLayers: 2,
  numAttentionHeads: 6,
  numKeyValueHeads: 2,
  headDim: 6,
  maxPositionEmbeddings: 64,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: 0,
  eosTokenId: 0,
  ropeParameters: { rope_type: 'default', rope_theta: 10_000 },
};

const CONFIGS: [name: string, config: ModelConfig][] = [
  ['head_dim 6, tied', BASE],
  ['head_dim 20, untied', { ...BASE, headDim: 20, tieWordEmbeddings: false }],
  ['nothing to pad', { ...BASE, hiddenSize: 32, intermediateSize: 64, vocabSize: 512, headDim: 16 }],
];

/** Every value another one, so that a misplaced one is found. */
function numberedWeights(config: ModelConfig): Map<string, Float32Array<ArrayBuffer>> {
  let next = 1;
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      return [name, Float32Array.from({ length: elementCount(shape) }, () => next++)];
    }),
  );
}

describe('paddedSizes', () => {
  it('pads widths to 4 and each half of a head to 4', () => {
    expect(paddedSizes(BASE)).toEqual({ hidden: 32, intermediate: 24, headDim: 8, vocabulary: 36 });
    expect(paddedSizes({ ...BASE, headDim: 20 }).headDim).toBe(24);
    expect(paddedSizes({ ...BASE, headDim: 128 }).headDim).toBe(128);
  });
});

describe.each(CONFIGS)('ParameterLayout, %s', (_, config) => {
  const layout = new ParameterLayout(config);
  const weights = numberedWeights(config);
  const flat = layout.pack(weights);

  it('gives every tensor back, in Hugging Face order', () => {
    const unpacked = layout.unpack(flat);
    expect([...unpacked.keys()]).toEqual(parameterShapes(config).map(({ name }) => name));
    expect(unpacked).toEqual(weights);
  });

  it('places each value once and leaves the rest at zero', () => {
    const placed = flat.filter((value) => value !== 0).sort();
    const count = [...weights.values()].reduce((sum, { length }) => sum + length, 0);
    expect(placed).toEqual(Float32Array.from({ length: count }, (_, i) => i + 1));
  });

  it('aligns blocks to 256 bytes and lets none overlap', () => {
    const { embedding, head, finalNorm, layers } = layout;
    const blocks = [
      ...new Set([embedding, head, finalNorm, ...layers.flatMap((layer): ParameterBlock[] => Object.values(layer))]),
    ];
    blocks.sort((a, b) => a.offset - b.offset);
    blocks.forEach(({ offset, shape }, i) => {
      expect(offset % 64).toBe(0);
      const end = offset + elementCount(shape);
      expect(end).toBeLessThanOrEqual(blocks[i + 1]?.offset ?? layout.size);
    });
  });

  it('puts matrices, which decay, before norms', () => {
    const { embedding, head, finalNorm, layers } = layout;
    for (const { qkv, o, gateUp, down, inputNorm, postAttentionNorm } of layers) {
      for (const matrix of [qkv, o, gateUp, down, embedding, head]) expect(matrix.offset).toBeLessThan(layout.decayed);
      for (const norm of [inputNorm, postAttentionNorm, finalNorm]) expect(norm.offset).toBeGreaterThanOrEqual(layout.decayed);
    }
  });

  it('shares the embedding with the head where they are tied', () => {
    expect(layout.head === layout.embedding).toBe(config.tieWordEmbeddings);
  });
});

describe('ParameterLayout', () => {
  it('keeps the halves of a head apart: pair (i, i + 3) of head_dim 6 becomes (i, i + 4) of 8', () => {
    const layout = new ParameterLayout(BASE);
    const weights = numberedWeights(BASE);
    const { offset } = layout.layers[0].qkv;
    const flat = layout.pack(weights);
    const firstColumn = Array.from({ length: 8 }, (_, row) => flat[offset + row * 32]);
    const q = weights.get('model.layers.0.self_attn.q_proj.weight')!;
    expect(firstColumn).toEqual([q[0], q[30], q[60], 0, q[90], q[120], q[150], 0]);
  });

  it('stacks q, k and v, and gate and up', () => {
    const layout = new ParameterLayout(BASE);
    const weights = numberedWeights(BASE);
    const flat = layout.pack(weights);
    const { qkv, gateUp } = layout.layers[1];
    const first = (name: string) => weights.get(`model.layers.1.${name}.weight`)![0];
    expect(flat[qkv.offset + 6 * 8 * 32]).toBe(first('self_attn.k_proj'));
    expect(flat[qkv.offset + 8 * 8 * 32]).toBe(first('self_attn.v_proj'));
    expect(flat[gateUp.offset + 24 * 32]).toBe(first('mlp.up_proj'));
  });

  it('refuses weights that are missing or of another size', () => {
    const layout = new ParameterLayout(BASE);
    const weights = numberedWeights(BASE);
    weights.set('model.norm.weight', new Float32Array(31));
    expect(() => layout.pack(weights)).toThrow(/model\.norm\.weight with 30 values, got 31/);
    weights.delete('model.norm.weight');
    expect(() => layout.pack(weights)).toThrow(/model\.norm\.weight with 30 values, got no such tensor/);
  });
});

describe('initialWeights', () => {
  it('is the same for the same seed, norms at 1, residual writers scaled down with depth', () => {
    const config = { ...BASE, hiddenSize: 128, intermediateSize: 256, headDim: 32 };
    const weights = initialWeights(config, 7);
    expect(initialWeights(config, 7)).toEqual(weights);
    expect(initialWeights(config, 8).get('model.embed_tokens.weight')).not.toEqual(weights.get('model.embed_tokens.weight'));
    expect(weights.get('model.norm.weight')).toEqual(new Float32Array(128).fill(1));
    const deviation = (name: string) => {
      const values = weights.get(`model.layers.0.${name}.weight`)!;
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    expect(deviation('mlp.up_proj')).toBeCloseTo(0.02, 3);
    expect(deviation('mlp.down_proj')).toBeCloseTo(0.01, 3);
  });
});
