import { describe, expect, it } from 'vitest';
import { checkRopeFits, inverseFrequencies, type RopeParameters, ropeParametersSchema } from '../positionEncoding';

const LONGROPE = {
  rope_type: 'longrope',
  rope_theta: 10_000,
  short_factor: [1, 1.05, 1.25, 2],
  long_factor: [1, 2.5, 12, 40],
  original_max_position_embeddings: 64,
} as const;
const parse = (value: unknown): RopeParameters => ropeParametersSchema.parse(value);

/** `_compute_longrope_parameters` of transformers' modeling_rope_utils.py, line by line; max_position_embeddings is the row's length. */
function asTransformers(rope: typeof LONGROPE & { factor?: number }, headDim: number, seqLen: number) {
  const original = rope.original_max_position_embeddings;
  const factor = rope.factor ?? seqLen / original;
  let attentionFactor: number;
  if (factor <= 1.0) attentionFactor = 1.0;
  else attentionFactor = Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const extFactors = seqLen > original ? rope.long_factor : rope.short_factor;
  const invFreq: number[] = [];
  for (let i = 0; i < headDim; i += 2) invFreq.push(1.0 / (extFactors[i / 2] * rope.rope_theta ** (i / headDim)));
  return { invFreq, attentionFactor };
}

describe('LongRoPE', () => {
  it.each([
    [{}, 32],
    [{}, 64],
    [{}, 65],
    [{}, 512],
    [{ factor: 1 }, 512],
    [{ factor: 16 }, 64],
  ])('with %o matches transformers at %i tokens', (more, length) => {
    const { inverseFrequencies: theta, attentionFactor } = inverseFrequencies(parse({ ...LONGROPE, ...more }), 8, length);
    const expected = asTransformers({ ...LONGROPE, ...more }, 8, length);
    expect([...theta]).toEqual(expected.invFreq.map((value) => expect.closeTo(value, 15)));
    expect(attentionFactor).toBeCloseTo(expected.attentionFactor, 14);
  });

  it('matches values worked out by hand', () => {
    // 10000^(-2j/8) = 1, 0.1, 0.01, 0.001; at 512 = 8 L tokens sqrt(1 + ln 8 / ln 64) = sqrt(1 + 3/6).
    const { inverseFrequencies: theta, attentionFactor } = inverseFrequencies(parse(LONGROPE), 8, 512);
    expect([...theta]).toEqual([1, 0.04, 0.01 / 12, 0.000025].map((value) => expect.closeTo(value, 15)));
    expect(attentionFactor).toBeCloseTo(Math.sqrt(1.5), 14);
    expect(inverseFrequencies(parse({ ...LONGROPE, attention_factor: 1.19 }), 8, 512).attentionFactor).toBe(1.19);
  });

  it('refuses lists by name', () => {
    const model = { headDim: 8, numHiddenLayers: 2 };
    expect(() => checkRopeFits(parse({ ...LONGROPE, long_factor: [1, 2, 3] }), model)).toThrow(
      /rope_parameters\.long_factor to hold 4 numbers, one per rotary pair, got 3 numbers/,
    );
    expect(() => checkRopeFits(parse(LONGROPE), { ...model, headDim: 16 })).toThrow(/short_factor to hold 8 numbers/);
    expect(() => checkRopeFits(parse({ ...LONGROPE, partial_rotary_factor: 0.5 }), model)).toThrow(/short_factor to hold 2/);
    const messageOf = (more: object) => ropeParametersSchema.safeParse({ ...LONGROPE, ...more }).error?.issues[0].message;
    expect(messageOf({ short_factor: [1, 0, 1, 1] })).toBe('short_factor must hold numbers of at least 0.01');
    expect(messageOf({ short_factor: [1, '2', 1, 1] })).toBe('short_factor must hold numbers');
    expect(messageOf({ long_factor: 4 })).toBe('long_factor must be a list of numbers, one per rotary pair');
    expect(messageOf({ factor: 0.5 })).toBe('factor must be at least 1');
    expect(messageOf({ original_max_position_embeddings: 1 })).toMatch(/at least 2 for longrope/);
  });
});
