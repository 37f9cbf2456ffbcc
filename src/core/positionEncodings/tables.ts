/** Frequencies and tables that entries of the registry build on. */
import { InputError } from '../errors';
import type { InverseFrequencies, RotaryTable, RotaryTables } from './types';

export function plain(frequencies: Float64Array): InverseFrequencies {
  return { inverseFrequencies: frequencies, attentionFactor: 1 };
}

/** b^(-2j/d) for j = 0 .. d/2 - 1. */
export function geometric(base: number, rotaryDim: number): Float64Array {
  return Float64Array.from({ length: rotaryDim / 2 }, (_, j) => base ** ((-2 * j) / rotaryDim));
}

/** The base at which the slowest pair turns `stretch` times slower and the fastest as before. */
export function ntkBase(base: number, stretch: number, rotaryDim: number): number {
  if (rotaryDim < 4)
    throw new InputError(
      'NTK-aware position encoding',
      'head_dim of at least 4',
      rotaryDim,
      'its exponent is d/(d - 2); use default',
    );
  return base * stretch ** (rotaryDim / (rotaryDim - 2));
}

/** One table for queries and keys. */
export function sharedTables(frequencies: InverseFrequencies, _rope: unknown, length: number): RotaryTables {
  const { inverseFrequencies, attentionFactor } = frequencies;
  const table = turned(inverseFrequencies, length, () => attentionFactor);
  return { query: table, key: table };
}

/** cos and sin of position * theta_j, times `scale` of the position and pair. */
export function turned(theta: Float64Array, length: number, scale: (position: number, pair: number) => number): RotaryTable {
  const table: RotaryTable = { cos: new Float64Array(length * theta.length), sin: new Float64Array(length * theta.length) };
  for (let t = 0, at = 0; t < length; t++) {
    for (let j = 0; j < theta.length; j++, at++) {
      const factor = scale(t, j);
      table.cos[at] = Math.cos(t * theta[j]) * factor;
      table.sin[at] = Math.sin(t * theta[j]) * factor;
    }
  }
  return table;
}

/** The table of `pairs` pairs of which the first are `table`'s; the others are left as they are, without any scale. */
export function widened(table: RotaryTable, length: number, pairs: number): RotaryTable {
  const turning = length && table.cos.length / length;
  if (turning === pairs) return table;
  const wide: RotaryTable = { cos: new Float64Array(length * pairs).fill(1), sin: new Float64Array(length * pairs) };
  for (let t = 0; t < length; t++) {
    wide.cos.set(table.cos.subarray(t * turning, (t + 1) * turning), t * pairs);
    wide.sin.set(table.sin.subarray(t * turning, (t + 1) * turning), t * pairs);
  }
  return wide;
}

/** (cos, sin) = (1, 0) everywhere: no pair turns. */
export function unturned(length: number, pairs: number): RotaryTables {
  const table: RotaryTable = { cos: new Float64Array(length * pairs).fill(1), sin: new Float64Array(length * pairs) };
  return { query: table, key: table };
}
