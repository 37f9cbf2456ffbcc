import type { RecipeInput } from '../../core/recipe';

/** Eight steps of a two-layer model through two row lengths: seconds on a software adapter. */
export const tinyRecipe = {
  version: 1,
  name: 'tiny',
  seed: 3,
  model: {
    shape: {
      vocab_size: 258,
      hidden_size: 32,
      intermediate_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
    },
  },
  tokenizer: 'bytes',
  rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
  data: {
    sources: [
      { name: 'books', share: 0.7 },
      { name: 'copy', share: 0.3 },
    ],
  },
  curriculum: {
    total_tokens: 8 * 256,
    tokens_per_step: 256,
    stages: [
      { sequence_length: 64, share: 0.5 },
      { sequence_length: 128, share: 0.5 },
    ],
  },
  optimizer: { learning_rate: 0.003, warmup_steps: 2 },
  probes: { every_steps: 4, validation_rows: 2, attention_queries: 8, retrieval_rows: 2 },
} satisfies RecipeInput;
