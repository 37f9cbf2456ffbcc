/** Encodings that stretch each rotary pair by its own amount: Llama 3.1, YaRN, LongRoPE. */
import { InputError } from '../errors';
import { z } from '../zod';
import { above0, baseField, factor, factorField, original_max_position_embeddings, originalField, shared } from './fields';
import { geometric, plain, sharedTables } from './tables';
import { encoding } from './types';

export const llama3 = encoding({
  label: 'Llama 3.1 bands',
  formula: 'λ_j = 2π/θ_j; λ < L/high: θ_j; λ > L/low: θ_j/s; between: (1−t) θ_j/s + t θ_j, t = (L/λ − low)/(high − low)',
  citation: 'Llama Team 2024, arXiv 2407.21783; transformers `llama3`',
  fields: [
    baseField,
    factorField,
    { name: 'low_freq_factor', label: 'Low-frequency factor', min: 0.25, max: 4, log: true, default: 1 },
    { name: 'high_freq_factor', label: 'High-frequency factor', min: 4.5, max: 64, log: true, default: 8 },
    originalField,
  ],
  schema: z
    .strictObject({
      rope_type: z.literal('llama3'),
      ...shared,
      factor,
      low_freq_factor: above0('low_freq_factor'),
      high_freq_factor: above0('high_freq_factor'),
      original_max_position_embeddings,
    })
    .refine((rope) => rope.high_freq_factor > rope.low_freq_factor, {
      path: ['high_freq_factor'],
      error: 'high_freq_factor must be above low_freq_factor',
    }),
  frequencies(rope, d) {
    const { low_freq_factor: low, high_freq_factor: high } = rope;
    return plain(
      geometric(rope.rope_theta, d).map((theta) => {
        const turns = (rope.original_max_position_embeddings * theta) / (2 * Math.PI);
        if (turns < low) return theta / rope.factor;
        if (turns > high) return theta;
        const kept = (turns - low) / (high - low);
        return ((1 - kept) * theta) / rope.factor + kept * theta;
      }),
    );
  },
  tables: sharedTables,
});

export const yarn = encoding({
  label: 'YaRN',
  formula: 'θ_j (r/s + 1 − r), ramp r from 0 at pair d ln(L/2πβ_fast)/(2 ln b) to 1 at β_slow; cos, sin × (0.1 ln s + 1)',
  citation: 'Peng et al. 2023, arXiv 2309.00071',
  fields: [
    baseField,
    factorField,
    originalField,
    { name: 'beta_fast', label: 'Turns kept as they are', min: 2, max: 128, log: true, default: 32 },
    { name: 'beta_slow', label: 'Turns fully interpolated', min: 0.125, max: 1.5, log: true, default: 1 },
  ],
  schema: z
    .strictObject({
      rope_type: z.literal('yarn'),
      ...shared,
      factor,
      original_max_position_embeddings,
      beta_fast: above0('beta_fast').default(32),
      beta_slow: above0('beta_slow').default(1),
      attention_factor: above0('attention_factor').optional(),
    })
    .refine((rope) => rope.beta_fast > rope.beta_slow, {
      path: ['beta_fast'],
      error: 'beta_fast must be above beta_slow',
    }),
  frequencies(rope, d) {
    const pairWithTurns = (turns: number) =>
      (d * Math.log(rope.original_max_position_embeddings / (turns * 2 * Math.PI))) / (2 * Math.log(rope.rope_theta));
    const low = Math.max(Math.floor(pairWithTurns(rope.beta_fast)), 0);
    const high = Math.min(Math.ceil(pairWithTurns(rope.beta_slow)), d - 1);
    return {
      inverseFrequencies: geometric(rope.rope_theta, d).map((theta, j) => {
        const ramp = Math.min(Math.max((j - low) / Math.max(high - low, 0.001), 0), 1);
        return (theta / rope.factor) * ramp + theta * (1 - ramp);
      }),
      attentionFactor: rope.attention_factor ?? 0.1 * Math.log(rope.factor) + 1,
    };
  },
  tables: sharedTables,
});

/** Below this a pair would turn so fast that neighbouring positions land anywhere; published lists begin at 1. */
const SMALLEST_FACTOR = 0.01;

const factorsOf = (name: string) =>
  z.array(
    z
      .number({ error: `${name} must hold numbers` })
      .min(SMALLEST_FACTOR, `${name} must hold numbers of at least ${SMALLEST_FACTOR}`),
    { error: `${name} must be a list of numbers, one per rotary pair` },
  );

export const longrope = encoding({
  label: 'LongRoPE',
  formula:
    'θ_j = b^(−2j/d) / λ_j, λ = long_factor where T > L, else short_factor; cos, sin × √(1 + ln s / ln L), s = factor or T/L',
  citation: 'Ding et al. 2024, arXiv 2402.13753; transformers `longrope`',
  fields: [baseField, factorField, originalField],
  lists: [
    { name: 'short_factor', label: 'Short factors', min: SMALLEST_FACTOR, default: 1 },
    { name: 'long_factor', label: 'Long factors', min: SMALLEST_FACTOR, default: 1 },
  ],
  schema: z.strictObject({
    rope_type: z.literal('longrope'),
    ...shared,
    short_factor: factorsOf('short_factor'),
    long_factor: factorsOf('long_factor'),
    // The attention factor divides by ln L.
    original_max_position_embeddings: original_max_position_embeddings.min(
      2,
      'original_max_position_embeddings must be at least 2 for longrope',
    ),
    factor: factor.optional(),
    attention_factor: above0('attention_factor').optional(),
  }),
  frequencies(rope, d, length) {
    for (const name of ['short_factor', 'long_factor'] as const)
      if (rope[name].length !== d / 2)
        throw new InputError(
          'longrope position encoding',
          `rope_parameters.${name} to hold ${d / 2} numbers, one per rotary pair`,
          `${rope[name].length} numbers`,
          `change ${name}, or head_dim`,
        );
    const original = rope.original_max_position_embeddings;
    const factors = length > original ? rope.long_factor : rope.short_factor;
    const stretch = rope.factor ?? length / original;
    const derived = stretch > 1 ? Math.sqrt(1 + Math.log(stretch) / Math.log(original)) : 1;
    return {
      inverseFrequencies: geometric(rope.rope_theta, d).map((theta, j) => theta / factors[j]),
      attentionFactor: rope.attention_factor ?? derived,
    };
  },
  tables: sharedTables,
});
