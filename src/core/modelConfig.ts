import { InputError } from './errors';
import { checkRopeFits, type RopeParameters } from './positionEncoding';

/** A Llama-architecture model: RMSNorm, rotary attention with grouped queries, SwiGLU. Words are Hugging Face's. */
export interface ModelConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  headDim: number;
  maxPositionEmbeddings: number;
  rmsNormEps: number;
  tieWordEmbeddings: boolean;
  initializerRange: number;
  bosTokenId: number;
  eosTokenId: number;
  ropeParameters: RopeParameters;
}

export interface NamedShape {
  /** Hugging Face tensor name, e.g. `model.layers.0.self_attn.q_proj.weight`. */
  name: string;
  /** [out, in] for matrices, [width] for norms. */
  shape: number[];
}

/** Largest head_dim the attention kernels take. */
export const MAX_HEAD_DIM = 128;

/** Every weight of the model under its Hugging Face name, in file order. */
export function parameterShapes(config: ModelConfig): NamedShape[] {
  const { hiddenSize: d, intermediateSize: f, headDim: h } = config;
  const q = config.numAttentionHeads * h;
  const kv = config.numKeyValueHeads * h;
  const shapes: NamedShape[] = [{ name: 'model.embed_tokens.weight', shape: [config.vocabSize, d] }];
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = `model.layers.${i}`;
    shapes.push(
      { name: `${layer}.input_layernorm.weight`, shape: [d] },
      { name: `${layer}.self_attn.q_proj.weight`, shape: [q, d] },
      { name: `${layer}.self_attn.k_proj.weight`, shape: [kv, d] },
      { name: `${layer}.self_attn.v_proj.weight`, shape: [kv, d] },
      { name: `${layer}.self_attn.o_proj.weight`, shape: [d, q] },
      { name: `${layer}.post_attention_layernorm.weight`, shape: [d] },
      { name: `${layer}.mlp.gate_proj.weight`, shape: [f, d] },
      { name: `${layer}.mlp.up_proj.weight`, shape: [f, d] },
      { name: `${layer}.mlp.down_proj.weight`, shape: [d, f] },
    );
  }
  shapes.push({ name: 'model.norm.weight', shape: [d] });
  if (!config.tieWordEmbeddings) shapes.push({ name: 'lm_head.weight', shape: [config.vocabSize, d] });
  return shapes;
}

/** Number of trainable values; a tied head counts once. */
export function parameterCount(config: ModelConfig): number {
  return parameterShapes(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Throws an InputError that names the first field the kernels or the architecture cannot take. */
export function validateModelConfig(config: ModelConfig): ModelConfig {
  const whole = (field: string, value: number, low: number, high: number) => {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new InputError('model config', `${field} to be a whole number from ${low} to ${high}`, value, `change ${field}`);
  };
  whole('vocab_size', config.vocabSize, 2, 262_144);
  whole('hidden_size', config.hiddenSize, 1, 16_384);
  whole('intermediate_size', config.intermediateSize, 1, 65_536);
  whole('num_hidden_layers', config.numHiddenLayers, 1, 128);
  whole('num_attention_heads', config.numAttentionHeads, 1, 256);
  whole('num_key_value_heads', config.numKeyValueHeads, 1, 256);
  whole('head_dim', config.headDim, 2, MAX_HEAD_DIM);
  if (config.headDim % 2)
    throw new InputError('model config', 'an even head_dim', config.headDim, 'change head_dim; rotary pairs need two halves');
  if (config.numAttentionHeads % config.numKeyValueHeads)
    throw new InputError(
      'model config',
      `num_attention_heads (${config.numAttentionHeads}) to be a multiple of num_key_value_heads`,
      config.numKeyValueHeads,
      'change num_key_value_heads',
    );
  if (!(config.rmsNormEps > 0)) throw new InputError('model config', 'a positive rms_norm_eps', config.rmsNormEps, 'use 1e-5');
  checkRopeFits(config.ropeParameters, config);
  return config;
}
