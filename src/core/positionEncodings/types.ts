/**
 * What an entry of the registry of position encodings is made of.
 *
 * Notation of the formulas: b = rope_theta, d = the rotary dims (head_dim unless partial_rotary_factor says less), s = factor,
 * L = original_max_position_embeddings, T = length; pair j = 0 .. d/2 - 1 rotates by position * theta_j.
 */
import type { z } from '../zod';
import type { defaultSchema } from './fields';

export interface InverseFrequencies {
  /** theta_j in radians per position, (headDim / 2); 0 for pairs that do not turn. */
  inverseFrequencies: Float64Array;
  /** Multiplies cos and sin of queries and keys alike, so logits get its square. 1 except for YaRN and LongRoPE. */
  attentionFactor: number;
  /** Pair j's score at distance m is multiplied by decay_j^m, (headDim / 2); absent where no encoding but rotation acts. Only xPos has it. */
  decay?: Float64Array;
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

/** A list of one number per rotary pair, (rotary dims / 2). `default` fills a new one. */
export interface EncodingList {
  name: string;
  label: string;
  min: number;
  default: number;
}

export interface PositionEncoding<Schema extends z.ZodType> {
  label: string;
  formula: string;
  citation: string;
  fields: readonly EncodingField[];
  lists?: readonly EncodingList[];
  schema: Schema;
  /** Of the rotary pairs alone, (rotaryDim / 2), for rows of `length` tokens. */
  frequencies(rope: z.output<Schema>, rotaryDim: number, length: number): InverseFrequencies;
  /** Of the rotary pairs alone, (length, rotaryDim / 2). */
  tables(frequencies: InverseFrequencies, rope: z.output<Schema>, length: number): RotaryTables;
  /** The parameters under which Hugging Face readers get the same frequencies, where they do not know this kind by name. */
  exportAs?(rope: z.output<Schema>, rotaryDim: number): z.output<typeof defaultSchema>;
}

/** Fixes an entry's types to its own schema. */
export function encoding<Schema extends z.ZodType>(entry: PositionEncoding<Schema>): PositionEncoding<Schema> {
  return entry;
}
