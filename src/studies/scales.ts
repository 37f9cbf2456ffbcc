import type { Scale, ScaleName } from './study';

/** A Llama shape with as many key-value heads as query heads. */
export function shapeOf(hidden: number, layers: number, heads: number, vocabulary: number): Scale['shape'] {
  return {
    vocab_size: vocabulary,
    hidden_size: hidden,
    // Eight thirds of the width, as in Llama, in whole sixteens.
    intermediate_size: Math.round((hidden * 8) / 3 / 16) * 16,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    head_dim: hidden / heads,
    initializer_range: hidden < 128 ? 0.1 : 0.05,
  };
}

const SHAPES: Record<ScaleName, Scale['shape']> = {
  pico: shapeOf(64, 2, 2, 512),
  nano: shapeOf(64, 2, 2, 512),
  micro: shapeOf(128, 4, 4, 512),
  small: shapeOf(448, 8, 7, 4096),
};

/** Extension of a shipped or own base to eight times its length. */
export const EXTENSION_SCALES: Record<ScaleName, Scale> = {
  pico: extension('pico', 'nano', [1], { short: 128, long: 1024, tokens: 40_960, perStep: 8192, rate: 1e-3, rows: 21 }),
  nano: extension('nano', 'nano', [1, 2, 3], { short: 128, long: 1024, tokens: 409_600, perStep: 8192, rate: 1e-3, rows: 70 }),
  micro: extension('micro', 'micro', [1, 2, 3], {
    short: 128,
    long: 1024,
    tokens: 4_096_000,
    perStep: 16_384,
    rate: 1e-3,
    rows: 140,
  }),
  small: extension('small', 'small', [1, 2, 3], {
    short: 4096,
    long: 32_768,
    tokens: 104_857_600,
    perStep: 131_072,
    rate: 3e-4,
    rows: 44,
  }),
};

interface ExtensionSizes {
  short: number;
  long: number;
  tokens: number;
  perStep: number;
  rate: number;
  rows: number;
}

function extension(name: ScaleName, base: string, seeds: number[], sizes: ExtensionSizes): Scale {
  return {
    name,
    seeds,
    shortLength: sizes.short,
    longLength: sizes.long,
    tokens: sizes.tokens,
    tokensPerStep: sizes.perStep,
    learningRate: sizes.rate,
    base: (seed) => `${base}-s${seed}`,
    shape: SHAPES[name],
    tokenizer: name === 'small' ? 'bpe-4096' : 'bpe-512',
    evaluationRows: sizes.rows,
  };
}

/** From nothing to the same ratio of lengths to width as the paper's 7B: (1 + s/6h) is equal, so its savings are 10, 20 and 40 % here too. */
export const SCRATCH_SCALES: Record<ScaleName, Scale> = {
  pico: { ...EXTENSION_SCALES.pico, shortLength: 64, longLength: 512, tokens: 204_800, tokensPerStep: 4096, learningRate: 3e-3 },
  nano: {
    ...EXTENSION_SCALES.nano,
    shortLength: 64,
    longLength: 512,
    tokens: 2_048_000,
    tokensPerStep: 4096,
    learningRate: 3e-3,
  },
  micro: { ...EXTENSION_SCALES.micro, tokens: 20_480_000, learningRate: 2e-3 },
  small: { ...EXTENSION_SCALES.small, tokens: 1_048_576_000, learningRate: 1e-3 },
};
