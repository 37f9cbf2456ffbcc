import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../core/modelConfig';
import { hfConfigJson, parseHfConfig } from './hfConfig';

const CONFIG: ModelConfig = {
  vocabSize: 512,
  hiddenSize: 64,
  intermediateSize: 172,
  numHiddenLayers: 5,
  numAttentionHeads: 8,
  numKeyValueHeads: 4,
  headDim: 8,
  maxPositionEmbeddings: 512,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: 1,
  eosTokenId: 2,
  ropeParameters: { rope_type: 'linear', rope_theta: 10_000, factor: 8 },
};

const MINIMAL = { vocab_size: 512, hidden_size: 64, intermediate_size: 172, num_hidden_layers: 5, num_attention_heads: 8 };
const parse = (fields: object) => parseHfConfig(JSON.stringify({ ...MINIMAL, ...fields }));

describe('Hugging Face config.json', () => {
  it('round-trips, with the encoding in both forms and floats as floats', () => {
    const json = hfConfigJson(CONFIG);
    expect(parseHfConfig(json)).toEqual(CONFIG);
    const { rope_scaling, rope_parameters, rope_theta } = JSON.parse(json);
    expect(rope_scaling).toEqual(rope_parameters);
    expect(rope_scaling.rope_theta).toBe(rope_theta);
    expect(json).toContain('"factor": 8.0\n');
    expect(json.match(/"rope_theta": 10000\.0/g)).toHaveLength(3);
    expect(json).toContain('"attention_dropout": 0.0,');
    expect(json).toContain('"rms_norm_eps": 0.00001,');
    expect(json).toContain('"hidden_size": 64,');
  });

  it('writes null rope_scaling for plain RoPE', () => {
    const ropeParameters = { rope_type: 'default', rope_theta: 500_000 } as const;
    const json = hfConfigJson({ ...CONFIG, ropeParameters });
    expect(JSON.parse(json).rope_scaling).toBeNull();
    expect(parseHfConfig(json).ropeParameters).toEqual(ropeParameters);
  });

  it("writes dynamic NTK's original context where transformers looks for it", () => {
    const ropeParameters = { rope_type: 'dynamic', rope_theta: 10_000, factor: 2, original_max_position_embeddings: 64 } as const;
    expect(JSON.parse(hfConfigJson({ ...CONFIG, ropeParameters })).max_position_embeddings).toBe(64);
  });

  it('fills what transformers fills', () => {
    expect(parse({})).toMatchObject({
      numKeyValueHeads: 8,
      headDim: 8,
      tieWordEmbeddings: false,
      rmsNormEps: 1e-6,
      bosTokenId: 1,
    });
    expect(parse({ eos_token_id: [7, 9] }).eosTokenId).toBe(7);
    expect(parse({ num_key_value_heads: null, head_dim: null }).headDim).toBe(8);
    expect(parse({ bos_token_id: null, eos_token_id: null })).toMatchObject({ bosTokenId: 1, eosTokenId: 2 });
  });

  it.each([
    [{ architectures: ['MistralForCausalLM'] }, /architectures to name LlamaForCausalLM.*Mistral/],
    [{ model_type: 'gpt2' }, /model_type to be llama, got gpt2/],
    [{ attention_bias: true }, /attention_bias to be false, got true/],
    [{ mlp_bias: true }, /mlp_bias to be false/],
    [{ hidden_act: 'gelu' }, /hidden_act to be silu, got gelu/],
    [{ hidden_size: '64' }, /hidden_size to be valid/],
    [{ num_key_value_heads: 3 }, /num_key_value_heads/],
    [{ hidden_size: 60 }, /head_dim to be a whole number/],
    [{ head_dim: 130 }, /head_dim to be a whole number from 2 to 128, got 130/],
    [{ rope_scaling: { rope_type: 'longrope' } }, /rope_type.*longrope/],
  ])('refuses %o', (fields, message) => {
    expect(() => parse(fields)).toThrow(message);
  });

  it('refuses text that is no JSON object', () => {
    expect(() => parseHfConfig('{"vocab_size": 51')).toThrow(/config\.json: expected JSON/);
    expect(() => parseHfConfig('[]')).toThrow(/JSON object/);
  });
});
