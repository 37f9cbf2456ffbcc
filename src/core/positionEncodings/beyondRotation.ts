/** Encodings that Hugging Face has no name for: xPos, which scales as it turns, and none at all. */
import { InputError } from '../errors';
import { z } from '../zod';
import { above0, baseField, shared } from './fields';
import { geometric, plain, sharedTables, turned } from './tables';
import { encoding } from './types';

/** zeta_j = (2j + 0.4 d) / (1.4 d) for j = 0 .. d/2 - 1: 2/7 for the fastest pair, below 1 for the slowest. */
function zeta(rotaryDim: number): Float64Array {
  return Float64Array.from({ length: rotaryDim / 2 }, (_, j) => (2 * j + 0.4 * rotaryDim) / (1.4 * rotaryDim));
}

/** ln(1 / zeta_0), the most that any pair loses per scale_base positions. */
const STEEPEST = Math.log(7 / 2);

/**
 * Largest factor of a centred table, and 1 over its smallest. Keys that the mask hides lie ahead of their query, and their scores get the
 * square of it before they are dropped, so it must stay below the root of the number format's largest value with room for the vectors:
 * 3.4e38 for float32. Where queries and keys are stored as float16 (up to 65,504, scores still float32) the factor itself must fit.
 */
const LARGEST_FACTOR = { float32: 1e18, float16: 1e3 };

/** The longest row at this scale_base: about 66 times scale_base, in float16 about 11 times. */
export function longestXposRow(scaleBase: number, precision: keyof typeof LARGEST_FACTOR): number {
  return Math.floor((2 * scaleBase * Math.log(LARGEST_FACTOR[precision])) / STEEPEST);
}

/** @throws InputError that names scale_base and its limit, where factors would leave the number format's comfortable range. */
export function checkXposLength(scaleBase: number, length: number, precision: keyof typeof LARGEST_FACTOR): void {
  if (length <= longestXposRow(scaleBase, precision)) return;
  const least = Math.ceil((length * STEEPEST) / (2 * Math.log(LARGEST_FACTOR[precision])));
  throw new InputError(
    'xpos position encoding',
    `rope_parameters.scale_base of at least ${least} for rows of ${length} tokens in ${precision}`,
    scaleBase,
    'raise scale_base, or lower the sequence_length',
  );
}

/**
 * Queries are multiplied by zeta_j^((n - T/2) / scale_base), keys by its inverse, so a score depends on the distance alone: pair j's at
 * distance m gets zeta_j^(m / scale_base). Positions are centred because the factors of uncentred ones reach 6.6e34 at 32,768 tokens and
 * 512. The centre cancels in every score but not between tables: queries and keys that meet must come from tables of one length.
 */
export const xpos = encoding({
  label: 'xPos',
  formula: 'θ_j = b^(−2j/d), ζ_j = (2j + 0.4d)/(1.4d); q × ζ_j^((n − T/2)/scale_base), k × ζ_j^(−(n − T/2)/scale_base)',
  citation: 'Sun et al. 2022, arXiv 2212.10554; with a larger base (xPos ABF): Xiong et al. 2023, arXiv 2309.16039',
  fields: [baseField, { name: 'scale_base', label: 'Scale base (tokens)', min: 4, max: 4096, log: true, default: 512 }],
  schema: z.strictObject({ rope_type: z.literal('xpos'), ...shared, scale_base: above0('scale_base').default(512) }),
  frequencies: (rope, d) => ({
    ...plain(geometric(rope.rope_theta, d)),
    decay: zeta(d).map((z) => z ** (1 / rope.scale_base)),
  }),
  tables({ inverseFrequencies: theta }, rope, length) {
    checkXposLength(rope.scale_base, length, 'float32');
    const scales = zeta(2 * theta.length);
    const centred = (t: number) => (t - length / 2) / rope.scale_base;
    return {
      query: turned(theta, length, (t, j) => scales[j] ** centred(t)),
      key: turned(theta, length, (t, j) => scales[j] ** -centred(t)),
    };
  },
});

/** `rope_theta` has no effect here; it is kept so that a model returns to the base it had. */
export const nope = encoding({
  label: 'None (NoPE)',
  formula: 'θ_j = 0: cos 1, sin 0; order is known only through the causal mask',
  citation: 'Kazemnejad et al. 2023, arXiv 2305.19466; dropped after pretraining: DroPE, Sakana AI',
  fields: [],
  schema: z.strictObject({ rope_type: z.literal('nope'), ...shared }),
  frequencies: (_rope, d) => plain(new Float64Array(d / 2)),
  tables: sharedTables,
});
