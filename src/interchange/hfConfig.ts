/** Hugging Face config.json of a LlamaForCausalLM, read strictly and written for transformers 4 and 5 alike. */
import { InputError } from '../core/errors';
import { hfRopeFields, parseHfRope } from '../core/hfRope';
import { type ModelConfig, validateModelConfig } from '../core/modelConfig';
import { inputErrorFrom } from '../core/recipe';
import { z } from '../core/zod';

const whole = z.number().int().positive();

/** The fields that shape the model; others (dropout, cache, dtype, versions) do not change what the weights compute. */
const fieldsSchema = z.object({
  vocab_size: whole,
  hidden_size: whole,
  intermediate_size: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  num_key_value_heads: whole.nullish(),
  head_dim: whole.nullish(),
  // What transformers assumes where a config is silent.
  max_position_embeddings: whole.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  initializer_range: z.number().positive().default(0.02),
  bos_token_id: z
    .number()
    .int()
    .min(0)
    .nullish()
    .transform((id) => id ?? 1),
  eos_token_id: z
    .union([z.number().int().min(0), z.array(z.number().int().min(0)).min(1)])
    .nullish()
    .transform((id) => id ?? 2),
});

/** What the lab's model has no place for: any other value is refused by name. Absent means the value given here. */
const REQUIRED_VALUES = { model_type: 'llama', hidden_act: 'silu', attention_bias: false, mlp_bias: false };

/** Python reads `8` as an int, and some readers insist on floats. */
const FLOAT_FIELDS = [
  'attention_dropout',
  'attention_factor',
  'beta_fast',
  'beta_slow',
  'factor',
  'high_freq_factor',
  'initializer_range',
  'low_freq_factor',
  'rms_norm_eps',
  'rope_theta',
];

/** The text of a config.json -> the lab's model config. Of several end tokens the first is taken. */
export function parseHfConfig(json: string): ModelConfig {
  const config = parseObject(json);
  const { architectures } = config;
  if (architectures !== undefined && !(Array.isArray(architectures) && architectures.includes('LlamaForCausalLM')))
    throw new InputError(
      'config.json',
      'architectures to name LlamaForCausalLM',
      architectures,
      'only Llama models can be loaded',
    );
  for (const [field, required] of Object.entries(REQUIRED_VALUES)) {
    const value = config[field] ?? required;
    if (value !== required)
      throw new InputError('config.json', `${field} to be ${required}`, value, 'this model cannot be loaded');
  }
  const result = fieldsSchema.safeParse(config);
  if (!result.success) throw inputErrorFrom('config.json', result.error);
  const fields = result.data;
  return validateModelConfig({
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    numHiddenLayers: fields.num_hidden_layers,
    numAttentionHeads: fields.num_attention_heads,
    numKeyValueHeads: fields.num_key_value_heads ?? fields.num_attention_heads,
    headDim: fields.head_dim ?? fields.hidden_size / fields.num_attention_heads,
    maxPositionEmbeddings: fields.max_position_embeddings,
    rmsNormEps: fields.rms_norm_eps,
    tieWordEmbeddings: fields.tie_word_embeddings,
    initializerRange: fields.initializer_range,
    bosTokenId: fields.bos_token_id,
    eosTokenId: [fields.eos_token_id].flat()[0],
    ropeParameters: parseHfRope(config),
  });
}

/** The text of config.json. */
export function hfConfigJson(config: ModelConfig): string {
  const rope = config.ropeParameters;
  const fields = {
    architectures: ['LlamaForCausalLM'],
    ...REQUIRED_VALUES,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    num_key_value_heads: config.numKeyValueHeads,
    head_dim: config.headDim,
    // transformers takes dynamic NTK's original context from here and ignores the one among the rope parameters.
    max_position_embeddings: rope.rope_type === 'dynamic' ? rope.original_max_position_embeddings : config.maxPositionEmbeddings,
    rms_norm_eps: config.rmsNormEps,
    tie_word_embeddings: config.tieWordEmbeddings,
    initializer_range: config.initializerRange,
    attention_dropout: 0,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenId,
    pad_token_id: null,
    pretraining_tp: 1,
    use_cache: true,
    dtype: 'float32',
    torch_dtype: 'float32',
    ...hfRopeFields(rope, config.headDim),
  };
  const integersOfFloats = new RegExp(`("(?:${FLOAT_FIELDS.join('|')})": -?\\d+)(?=,?\\n)`, 'g');
  return `${JSON.stringify(fields, null, 2).replace(integersOfFloats, '$1.0')}\n`;
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new InputError('config.json', 'JSON', String(cause), 'check that the file is complete');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError('config.json', 'a JSON object', value, 'check that the file is complete');
  return value as Record<string, unknown>;
}
