import type { ModelShape } from '../../store/recipe/draftModel';

/** Settings of the size dial; each step about triples the parameters. */
export const DIAL_STEPS = 8;

const HEAD_DIM = 32;

/**
 * A Llama shape from one number, after nanochat's depth dial: hidden size 64 n, 2 n layers, heads of 32, one key/value head per two
 * query heads, feed-forward 8/3 of the hidden size rounded to a multiple of 32.
 */
export function shapeAtDial(dial: number, vocabSize: number): ModelShape {
  const hidden = 64 * dial;
  return {
    vocab_size: vocabSize,
    hidden_size: hidden,
    intermediate_size: Math.ceil((hidden * 8) / 3 / 32) * 32,
    num_hidden_layers: 2 * dial,
    num_attention_heads: hidden / HEAD_DIM,
    num_key_value_heads: hidden / HEAD_DIM / 2,
    head_dim: HEAD_DIM,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    initializer_range: 0.02,
  };
}

/** The dial whose shape this is, or undefined for a shape made by hand. */
export function dialOf(shape: ModelShape): number | undefined {
  for (let dial = 1; dial <= DIAL_STEPS; dial++) {
    const candidate = shapeAtDial(dial, shape.vocab_size) as Record<string, unknown>;
    if (Object.entries(shape).every(([name, value]) => candidate[name] === value)) return dial;
  }
  return undefined;
}
