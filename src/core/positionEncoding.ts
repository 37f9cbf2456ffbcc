/**
 * Position encodings as data: one registry that kernels (through tables), theory plots, import, export and sliders all read.
 * A new encoding is one more entry of `positionEncodings`. Parameter names are Hugging Face's `rope_parameters`.
 *
 * Notation of the formulas: b = rope_theta, d = head_dim, s = factor, L = original_max_position_embeddings, T = length,
 * pair j = 0 .. d/2 - 1 rotates by position * theta_j. Rotary pairs are split halves (j, j + d/2).
 */
import { InputError } from './errors';
import { z } from './zod';

export interface InverseFrequencies {
  /** theta_j in radians per position, (headDim / 2). */
  inverseFrequencies: Float64Array;
  /** Multiplies cos and sin of queries and keys alike, so logits get its square. 1 except for YaRN. */
  attentionFactor: number;
}

/** cos and sin of every (position, pair), (T, headDim / 2) row-major, with all scale factors folded in. */
export interface RotaryTable {
  cos: Float64Array;
  sin: Float64Array;
}

/** `query` and `key` are the same object where an encoding treats both alike, so that it is uploaded once. */
export interface RotaryTables {
  query: RotaryTable;
  key: RotaryTable;
}

/** One number of an encoding, as an input control needs it. `name` is the key in `rope_parameters`. */
export interface EncodingField {
  name: string;
  label: string;
  min: number;
  max: number;
  log: boolean;
  default: number;
}

interface PositionEncoding<Schema extends z.ZodType> {
  label: string;
  formula: string;
  citation: string;
  fields: readonly EncodingField[];
  schema: Schema;
  frequencies(rope: z.output<Schema>, headDim: number, length: number): InverseFrequencies;
  tables(frequencies: InverseFrequencies, rope: z.output<Schema>, length: number, layer: number): RotaryTables;
  /** The parameters under which Hugging Face readers get the same frequencies, where they do not know this kind by name. */
  exportAs?(rope: z.output<Schema>, headDim: number): z.output<typeof defaultSchema>;
}

const rope_theta = z.number({ error: 'rope_theta must be a number' }).gt(1, 'rope_theta must be above 1').default(10_000);
const factor = z.number({ error: 'factor must be a number' }).min(1, 'factor must be at least 1');
const above0 = (name: string) => z.number({ error: `${name} must be a number` }).gt(0, `${name} must be above 0`);
const original_max_position_embeddings = z
  .number({ error: 'original_max_position_embeddings must be a number' })
  .int('original_max_position_embeddings must be a whole number')
  .min(1, 'original_max_position_embeddings must be at least 1');

const defaultSchema = z.strictObject({ rope_type: z.literal('default'), rope_theta });

const baseField: EncodingField = { name: 'rope_theta', label: 'RoPE base', min: 100, max: 1e9, log: true, default: 10_000 };
const factorField: EncodingField = { name: 'factor', label: 'Extension factor', min: 1, max: 64, log: true, default: 8 };
const originalField: EncodingField = {
  name: 'original_max_position_embeddings',
  label: 'Original context (tokens)',
  min: 16,
  max: 1_048_576,
  log: true,
  default: 128,
};

/** Every encoding the lab knows, by `rope_type`. */
export const positionEncodings = {
  default: encoding({
    label: 'RoPE, adjustable base',
    formula: 'θ_j = b^(−2j/d)',
    citation: 'Su et al. 2021, arXiv 2104.09864; adjusted base (ABF): Xiong et al. 2023, arXiv 2309.16039',
    fields: [baseField],
    schema: defaultSchema,
    frequencies: (rope, headDim) => plain(geometric(rope.rope_theta, headDim)),
    tables: sharedTables,
  }),
  linear: encoding({
    label: 'Position interpolation (PI)',
    formula: 'θ_j = b^(−2j/d) / s',
    citation: 'Chen et al. 2023, arXiv 2306.15595',
    fields: [baseField, factorField],
    schema: z.strictObject({ rope_type: z.literal('linear'), rope_theta, factor }),
    frequencies: (rope, headDim) => plain(geometric(rope.rope_theta, headDim).map((theta) => theta / rope.factor)),
    tables: sharedTables,
  }),
  ntk: encoding({
    label: 'NTK-aware base, static',
    formula: 'b′ = b s^(d/(d−2)), θ_j = b′^(−2j/d)',
    citation: 'bloc97 2023; in Peng et al. 2023, arXiv 2309.00071, section 3.1',
    fields: [baseField, factorField],
    schema: z.strictObject({ rope_type: z.literal('ntk'), rope_theta, factor }),
    frequencies: (rope, headDim) => plain(geometric(ntkBase(rope.rope_theta, rope.factor, headDim), headDim)),
    tables: sharedTables,
    exportAs: (rope, headDim) => ({ rope_type: 'default', rope_theta: ntkBase(rope.rope_theta, rope.factor, headDim) }),
  }),
  dynamic: encoding({
    label: 'NTK-aware base, dynamic',
    formula: 'b′ = b (s max(T, L)/L − (s − 1))^(d/(d−2)), θ_j = b′^(−2j/d)',
    citation: 'emozilla 2023; in Peng et al. 2023, arXiv 2309.00071, section 3.3',
    fields: [baseField, { ...factorField, default: 2 }, originalField],
    schema: z.strictObject({ rope_type: z.literal('dynamic'), rope_theta, factor, original_max_position_embeddings }),
    frequencies(rope, headDim, length) {
      const original = rope.original_max_position_embeddings;
      const stretch = (rope.factor * Math.max(length, original)) / original - (rope.factor - 1);
      return plain(geometric(ntkBase(rope.rope_theta, stretch, headDim), headDim));
    },
    tables: sharedTables,
  }),
  llama3: encoding({
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
        rope_theta,
        factor,
        low_freq_factor: above0('low_freq_factor'),
        high_freq_factor: above0('high_freq_factor'),
        original_max_position_embeddings,
      })
      .refine((rope) => rope.high_freq_factor > rope.low_freq_factor, {
        path: ['high_freq_factor'],
        error: 'high_freq_factor must be above low_freq_factor',
      }),
    frequencies(rope, headDim) {
      const { low_freq_factor: low, high_freq_factor: high } = rope;
      return plain(
        geometric(rope.rope_theta, headDim).map((theta) => {
          const turns = (rope.original_max_position_embeddings * theta) / (2 * Math.PI);
          if (turns < low) return theta / rope.factor;
          if (turns > high) return theta;
          const kept = (turns - low) / (high - low);
          return ((1 - kept) * theta) / rope.factor + kept * theta;
        }),
      );
    },
    tables: sharedTables,
  }),
  yarn: encoding({
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
        rope_theta,
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
    frequencies(rope, headDim) {
      const pairWithTurns = (turns: number) =>
        (headDim * Math.log(rope.original_max_position_embeddings / (turns * 2 * Math.PI))) / (2 * Math.log(rope.rope_theta));
      const low = Math.max(Math.floor(pairWithTurns(rope.beta_fast)), 0);
      const high = Math.min(Math.ceil(pairWithTurns(rope.beta_slow)), headDim - 1);
      return {
        inverseFrequencies: geometric(rope.rope_theta, headDim).map((theta, j) => {
          const ramp = Math.min(Math.max((j - low) / Math.max(high - low, 0.001), 0), 1);
          return (theta / rope.factor) * ramp + theta * (1 - ramp);
        }),
        attentionFactor: rope.attention_factor ?? 0.1 * Math.log(rope.factor) + 1,
      };
    },
    tables: sharedTables,
  }),
};

type Registry = typeof positionEncodings;
type EncodingSchema = Registry[keyof Registry]['schema'];

/** A position encoding with its parameters, discriminated on `rope_type`. */
export type RopeParameters = z.output<EncodingSchema>;
export type RopeType = RopeParameters['rope_type'];

/** Parses `rope_parameters` of recipes and checkpoints; unknown kinds and fields are refused. */
export const ropeParametersSchema = z.discriminatedUnion(
  'rope_type',
  Object.values(positionEncodings).map((entry) => entry.schema) as [EncodingSchema, ...EncodingSchema[]],
  { error: (issue) => (issue.code === 'invalid_union' ? `rope_type must be one of ${ropeTypes().join(', ')}` : undefined) },
);

export function ropeTypes(): RopeType[] {
  return Object.keys(positionEncodings) as RopeType[];
}

/** The registry's entry, seen as one that takes any parameters; callers pass those whose `rope_type` chose it. */
export function encodingOf(rope: RopeParameters): PositionEncoding<z.ZodType<RopeParameters>> {
  return positionEncodings[rope.rope_type] as PositionEncoding<z.ZodType<RopeParameters>>;
}

/** Frequencies at a row length of `length` tokens; only dynamic NTK depends on it. */
export function inverseFrequencies(rope: RopeParameters, headDim: number, length: number): InverseFrequencies {
  if (!Number.isInteger(headDim) || headDim < 2 || headDim % 2)
    throw new InputError('position encoding', 'an even head_dim of at least 2', headDim, 'change head_dim');
  return encodingOf(rope).frequencies(rope, headDim, length);
}

/** Tables for positions 0 .. length - 1 of one layer, in float64: WGSL's own sin and cos are only good to 2^-11. */
export function rotaryTables(rope: RopeParameters, headDim: number, length: number, layer: number): RotaryTables {
  return encodingOf(rope).tables(inverseFrequencies(rope, headDim, length), rope, length, layer);
}

/** Fixes an entry's types to its own schema. */
function encoding<Schema extends z.ZodType>(entry: PositionEncoding<Schema>): PositionEncoding<Schema> {
  return entry;
}

function plain(frequencies: Float64Array): InverseFrequencies {
  return { inverseFrequencies: frequencies, attentionFactor: 1 };
}

/** b^(-2j/d) for j = 0 .. d/2 - 1. */
function geometric(base: number, headDim: number): Float64Array {
  return Float64Array.from({ length: headDim / 2 }, (_, j) => base ** ((-2 * j) / headDim));
}

/** The base at which the slowest pair turns `stretch` times slower and the fastest as before. */
function ntkBase(base: number, stretch: number, headDim: number): number {
  if (headDim < 4)
    throw new InputError(
      'NTK-aware position encoding',
      'head_dim of at least 4',
      headDim,
      'its exponent is d/(d - 2); use default',
    );
  return base * stretch ** (headDim / (headDim - 2));
}

/** One table for queries and keys, the same in every layer. */
function sharedTables(frequencies: InverseFrequencies, _rope: unknown, length: number): RotaryTables {
  const { inverseFrequencies: theta, attentionFactor } = frequencies;
  const table: RotaryTable = { cos: new Float64Array(length * theta.length), sin: new Float64Array(length * theta.length) };
  for (let t = 0, at = 0; t < length; t++) {
    for (let j = 0; j < theta.length; j++, at++) {
      table.cos[at] = Math.cos(t * theta[j]) * attentionFactor;
      table.sin[at] = Math.sin(t * theta[j]) * attentionFactor;
    }
  }
  return { query: table, key: table };
}
