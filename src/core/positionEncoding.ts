/**
 * Position encodings as data: one registry that kernels (through tables), theory plots, import, export and sliders all read.
 * A new encoding is one more entry of `positionEncodings`. Parameter names are Hugging Face's `rope_parameters`.
 *
 * Rotary pairs are split halves of the head, (j, j + head_dim/2). With `partial_rotary_factor` f the first d/2 = f head_dim/2 pairs turn,
 * at frequencies computed for d dims as in Hugging Face. Their partial rotary turns pairs (j, j + d/2) instead, the halves of the first d
 * dims, so the rows of q_proj and k_proj of such a checkpoint would have to be permuted within each head; no table can do that.
 */
import { InputError } from './errors';
import { checkXposLength, nope, xpos } from './positionEncodings/beyondRotation';
import { llama3, longrope, yarn } from './positionEncodings/perPair';
import { dynamic, linear, ntk, rope } from './positionEncodings/scaled';
import { unturned, widened } from './positionEncodings/tables';
import type { InverseFrequencies, PositionEncoding, RotaryTables } from './positionEncodings/types';
import { z } from './zod';

export type { EncodingField, EncodingList, InverseFrequencies, RotaryTable, RotaryTables } from './positionEncodings/types';

/** Every encoding the lab knows, by `rope_type`. */
export const positionEncodings = { default: rope, linear, ntk, dynamic, llama3, yarn, longrope, xpos, nope };

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

/** Dims of a head that turn, d: all of them, or as many as `partial_rotary_factor` says, rounded down as Hugging Face does. */
export function rotaryDim(rope: Pick<RopeParameters, 'partial_rotary_factor'>, headDim: number): number {
  if (!Number.isInteger(headDim) || headDim < 2 || headDim % 2)
    throw new InputError('position encoding', 'an even head_dim of at least 2', headDim, 'change head_dim');
  const { partial_rotary_factor: share } = rope;
  if (share === undefined) return headDim;
  const dim = Math.floor(headDim * share);
  if (dim < 2 || dim % 2)
    throw new InputError(
      'position encoding',
      `rope_parameters.partial_rotary_factor times head_dim ${headDim} to be an even number of at least 2`,
      `${dim} (partial_rotary_factor ${share})`,
      'change partial_rotary_factor',
    );
  return dim;
}

/** Frequencies of every pair of a head at a row length of `length` tokens; only dynamic NTK and LongRoPE depend on the length. */
export function inverseFrequencies(rope: RopeParameters, headDim: number, length: number): InverseFrequencies {
  const frequencies = encodingOf(rope).frequencies(rope, rotaryDim(rope, headDim), length);
  const widen = (values: Float64Array, rest: number) => {
    const wide = new Float64Array(headDim / 2).fill(rest);
    wide.set(values);
    return wide;
  };
  return {
    ...frequencies,
    inverseFrequencies: widen(frequencies.inverseFrequencies, 0),
    ...(frequencies.decay && { decay: widen(frequencies.decay, 1) }),
  };
}

/**
 * Tables for positions 0 .. length - 1 of one layer, in float64: WGSL's own sin and cos are only good to 2^-11. Queries and keys that
 * meet must come from tables of one `length`; see xPos.
 */
export function rotaryTables(rope: RopeParameters, headDim: number, length: number, layer: number): RotaryTables {
  const dim = rotaryDim(rope, headDim);
  if (rope.nope_layers?.includes(layer)) return unturned(length, headDim / 2);
  const entry = encodingOf(rope);
  const { query, key } = entry.tables(entry.frequencies(rope, dim, length), rope, length);
  const wide = widened(query, length, headDim / 2);
  return { query: wide, key: key === query ? wide : widened(key, length, headDim / 2) };
}

/** Throws an InputError that names the first field of `rope_parameters` that does not fit the model. */
export function checkRopeFits(rope: RopeParameters, model: { headDim: number; numHiddenLayers: number }): void {
  const { headDim, numHiddenLayers } = model;
  // Refuses a list of another length, and odd rotary dims; neither depends on the row length.
  inverseFrequencies(rope, headDim, 1);
  const outside = rope.nope_layers?.find((layer) => layer >= numHiddenLayers);
  if (outside !== undefined)
    throw new InputError(
      'position encoding',
      `rope_parameters.nope_layers from 0 to ${numHiddenLayers - 1}, the layers of the model`,
      outside,
      'change nope_layers',
    );
}

/** Throws an InputError that names the first field of `rope_parameters` that does not fit a run over rows of up to `longest` tokens. */
export function checkRopeLength(rope: RopeParameters, longest: number, precision: 'float32' | 'float16'): void {
  if (rope.rope_type === 'xpos') checkXposLength(rope.scale_base, longest, precision);
  if ('original_max_position_embeddings' in rope && rope.original_max_position_embeddings > longest)
    throw new InputError(
      'recipe',
      `rope_parameters.original_max_position_embeddings of at most ${longest}, the longest sequence_length`,
      rope.original_max_position_embeddings,
      `${rope.rope_type} extends a context; lower it, or train at longer rows`,
    );
}
