import { describe, expect, it } from 'vitest';
import { InputError } from './errors';
import { hfRopeFields, parseHfRope } from './hfRope';
import {
  inverseFrequencies,
  positionEncodings,
  type RopeParameters,
  ropeParametersSchema,
  rotaryTables,
} from './positionEncoding';

const parse = (value: unknown): RopeParameters => ropeParametersSchema.parse(value);
const frequencies = (value: unknown, headDim = 8, length = 160) => [
  ...inverseFrequencies(parse(value), headDim, length).inverseFrequencies,
];

const EXAMPLES: RopeParameters[] = [
  { rope_type: 'default', rope_theta: 500_000 },
  { rope_type: 'linear', rope_theta: 10_000, factor: 8 },
  { rope_type: 'dynamic', rope_theta: 10_000, factor: 2, original_max_position_embeddings: 64 },
  {
    rope_type: 'llama3',
    rope_theta: 500_000,
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
  { rope_type: 'yarn', rope_theta: 10_000, factor: 4, original_max_position_embeddings: 64, beta_fast: 32, beta_slow: 1 },
  {
    rope_type: 'longrope',
    rope_theta: 10_000,
    short_factor: [1, 1.5],
    long_factor: [1, 8],
    original_max_position_embeddings: 64,
    factor: 4,
  },
  { rope_type: 'xpos', rope_theta: 500_000, scale_base: 32 },
  { rope_type: 'nope', rope_theta: 10_000 },
  { rope_type: 'xpos', rope_theta: 10_000, scale_base: 512, partial_rotary_factor: 0.5 },
  { rope_type: 'linear', rope_theta: 10_000, factor: 2, partial_rotary_factor: 0.25, nope_layers: [3, 7] },
];

describe('rope_parameters', () => {
  it('names the field that is wrong', () => {
    const messageOf = (value: unknown) => ropeParametersSchema.safeParse(value).error?.issues[0].message;
    expect(messageOf({ rope_type: 'linear', factor: 0.5 })).toBe('factor must be at least 1');
    expect(messageOf({ rope_type: 'linear' })).toBe('factor must be a number');
    expect(messageOf({ rope_type: 'alibi' })).toBe(
      'rope_type must be one of default, linear, ntk, dynamic, llama3, yarn, longrope, xpos, nope',
    );
    expect(messageOf({ rope_type: 'default', factor: 2 })).toContain('factor');
    expect(messageOf({ ...EXAMPLES[3], high_freq_factor: 1 })).toBe('high_freq_factor must be above low_freq_factor');
  });

  it('accepts the defaults that its own fields declare', () => {
    for (const [rope_type, { fields, lists = [] }] of Object.entries(positionEncodings)) {
      const given = {
        rope_type,
        ...Object.fromEntries(fields.map((field) => [field.name, field.default])),
        ...Object.fromEntries(lists.map((list) => [list.name, [list.default, list.min]])),
      };
      expect(parse(given)).toMatchObject(given);
      for (const { min, max, default: value } of fields) expect(value >= min && value <= max).toBe(true);
    }
  });
});

describe('inverse frequencies', () => {
  it('are a geometric series from 1 down to almost 1 / base', () => {
    expect(frequencies({ rope_type: 'default', rope_theta: 10_000 })).toEqual(
      [1, 0.1, 0.01, 0.001].map((v) => expect.closeTo(v, 14)),
    );
  });

  it('match hand-computed values of each kind', () => {
    // 4-fold NTK at head_dim 8: the base grows by 4^(8/6), so pair j slows down by 4^(j/3).
    const ntk = frequencies({ rope_type: 'ntk', factor: 4 });
    expect(ntk[0]).toBe(1);
    expect(ntk[3]).toBeCloseTo(0.001 / 4, 15);
    expect(frequencies({ rope_type: 'linear', factor: 4 })[0]).toBe(0.25);
    // Llama 3.1: a pair with more than 4 turns in the original context is kept, one with less than 1 is divided by the factor.
    const llama3 = frequencies({ ...EXAMPLES[3], rope_theta: 10_000, original_max_position_embeddings: 64 });
    expect(llama3[0]).toBe(1);
    expect(llama3[3]).toBeCloseTo(0.001 / 8, 15);
  });

  it('of dynamic NTK follow the row length only beyond the original context', () => {
    const rope = { rope_type: 'dynamic', factor: 2, original_max_position_embeddings: 64 };
    expect(frequencies(rope, 8, 64)).toEqual(frequencies({ rope_type: 'default' }));
    expect(frequencies(rope, 8, 20)).toEqual(frequencies(rope, 8, 64));
    // At twice the original context the stretch is 2 * 2 - 1 = 3.
    expect(frequencies(rope, 8, 128)).toEqual(frequencies({ rope_type: 'ntk', factor: 3 }));
  });

  it('carry the YaRN attention factor, given or derived', () => {
    const yarn = EXAMPLES[4];
    expect(inverseFrequencies(yarn, 8, 10).attentionFactor).toBeCloseTo(0.1 * Math.log(4) + 1, 14);
    expect(inverseFrequencies(parse({ ...yarn, attention_factor: 1.5 }), 8, 10).attentionFactor).toBe(1.5);
  });

  it('refuse head sizes that cannot rotate', () => {
    expect(() => inverseFrequencies(EXAMPLES[0], 7, 10)).toThrow(InputError);
    expect(() => inverseFrequencies(EXAMPLES[2], 2, 100)).toThrow(/head_dim of at least 4/);
  });
});

describe('rotary tables', () => {
  it('hold cos and sin of position times frequency, times the attention factor', () => {
    const { query, key } = rotaryTables(EXAMPLES[4], 8, 5, 0);
    const { inverseFrequencies: theta, attentionFactor } = inverseFrequencies(EXAMPLES[4], 8, 5);
    expect(key).toBe(query);
    expect(query.cos).toHaveLength(5 * 4);
    expect(query.cos[3 * 4 + 1]).toBe(Math.cos(3 * theta[1]) * attentionFactor);
    expect(query.sin[3 * 4 + 1]).toBe(Math.sin(3 * theta[1]) * attentionFactor);
  });
});

describe('Hugging Face position encoding fields', () => {
  it('round-trip through either form alone', () => {
    for (const rope of EXAMPLES) {
      const { rope_theta, rope_scaling, rope_parameters } = hfRopeFields(rope, 64);
      expect(parseHfRope({ rope_parameters })).toEqual(rope);
      expect(parseHfRope({ rope_theta, rope_scaling })).toEqual(rope);
    }
  });

  it('name what transformers cannot compute so that it refuses it', () => {
    const nameOf = (rope: object) => (hfRopeFields(parse(rope), 64).rope_scaling as { rope_type: string } | null)?.rope_type;
    expect(nameOf({ rope_type: 'default', partial_rotary_factor: 0.5 })).toBe('ropewalk:default');
    expect(nameOf({ rope_type: 'ntk', factor: 4, nope_layers: [0] })).toBe('ropewalk:default');
    expect(nameOf({ rope_type: 'default', partial_rotary_factor: 1, nope_layers: [] })).toBeUndefined();
  });

  it('of longrope fill the factor that transformers takes from the longest context', () => {
    const { factor: _, ...rest } = EXAMPLES[5] as Extract<RopeParameters, { rope_type: 'longrope' }>;
    const phi = { ...rest, original_max_position_embeddings: undefined };
    const config = { max_position_embeddings: 512, original_max_position_embeddings: 64, rope_scaling: phi };
    expect(parseHfRope(config)).toEqual({ ...EXAMPLES[5], factor: 8 });
    expect(parseHfRope({ max_position_embeddings: 32, rope_scaling: rest })).toMatchObject({ factor: 1 });
    const given = { ...rest, attention_factor: 1.25 };
    expect(parseHfRope({ max_position_embeddings: 512, rope_scaling: given })).toEqual(given);
  });

  it('refuse partial rotary and NoPE layers under the names of transformers', () => {
    expect(() => parseHfRope({ partial_rotary_factor: 0.5 })).toThrow(/absent or 1, got 0.5; .*q_proj and k_proj.*permuted/);
    expect(() => parseHfRope({ rope_parameters: { rope_type: 'default', nope_layers: [1] } })).toThrow(
      /rope_parameters\.nope_layers, which transformers ignores, got \[1\]/,
    );
    expect(parseHfRope({ rope_parameters: { rope_type: 'nope', nope_layers: [1] } })).toMatchObject({ nope_layers: [1] });
  });

  it('write static NTK as the base that it stands for', () => {
    const rope = parse({ rope_type: 'ntk', factor: 4 });
    const fields = hfRopeFields(rope, 128);
    expect(fields.rope_scaling).toBeNull();
    expect(fields.rope_theta).toBeCloseTo(4.09e4, -2);
    const back = inverseFrequencies(parseHfRope({ ...fields }), 128, 10).inverseFrequencies;
    expect([...back]).toEqual([...inverseFrequencies(rope, 128, 10).inverseFrequencies]);
  });

  it('read old spellings and fill what transformers fills', () => {
    expect(parseHfRope({})).toEqual({ rope_type: 'default', rope_theta: 10_000 });
    expect(parseHfRope({ rope_theta: 5e5, rope_scaling: null })).toEqual({ rope_type: 'default', rope_theta: 5e5 });
    expect(parseHfRope({ rope_scaling: { type: 'linear', factor: 2 } })).toEqual({
      rope_type: 'linear',
      rope_theta: 10_000,
      factor: 2,
    });
    expect(parseHfRope({ max_position_embeddings: 512, rope_scaling: { rope_type: 'dynamic', factor: 2 } })).toMatchObject({
      original_max_position_embeddings: 512,
    });
    expect(parseHfRope({ rope_parameters: { rope_type: 'default', rope_theta: 7, partial_rotary_factor: 1 } }).rope_theta).toBe(
      7,
    );
  });

  it('refuse by name what the registry does not hold', () => {
    expect(() => parseHfRope({ rope_scaling: { rope_type: 'alibi' } })).toThrow(/rope_scaling\.rope_type .* got alibi/);
    expect(() => parseHfRope({ rope_scaling: { rope_type: 'longrope' } })).toThrow(/rope_scaling\.short_factor to be valid/);
    expect(() => parseHfRope({ rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } })).toThrow(
      /partial_rotary_factor/,
    );
    expect(() => parseHfRope({ rope_parameters: { full_attention: { rope_type: 'default' } } })).toThrow(/full_attention/);
    expect(() => parseHfRope({ rope_scaling: { rope_type: 'toString' } })).toThrow(InputError);
    expect(() => parseHfRope({ rope_scaling: 'linear' })).toThrow(/object or null/);
  });
});
