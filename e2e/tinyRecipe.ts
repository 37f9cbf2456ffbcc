import type { RecipeInput } from '../src/core/recipe';

/** Two layers of width 32 that learn letter pairs within 20 steps of 256 tokens, and take 50: seconds on a software adapter. */
export const tinyRecipe: RecipeInput = {
  version: 1,
  name: 'tiny',
  seed: 3,
  model: {
    shape: {
      vocab_size: 512,
      hidden_size: 32,
      intermediate_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
    },
  },
  tokenizer: 'bpe-512',
  rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
  data: {
    sources: [
      { name: 'books', share: 0.7 },
      { name: 'copy', share: 0.3 },
    ],
  },
  curriculum: {
    total_tokens: 50 * 256,
    tokens_per_step: 256,
    stages: [
      { sequence_length: 64, share: 0.5 },
      { sequence_length: 128, share: 0.5 },
    ],
  },
  optimizer: { learning_rate: 0.01, warmup_steps: 2 },
  probes: { every_steps: 10, validation_rows: 2, attention_queries: 16, retrieval_rows: 2 },
};

/** The same as a run too long to end within a test: something to interrupt. */
export const endlessRecipe: RecipeInput = {
  ...tinyRecipe,
  name: 'endless',
  curriculum: { ...tinyRecipe.curriculum, total_tokens: 100_000 * 256 },
};
