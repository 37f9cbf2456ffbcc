import { describe, expect, it } from 'vitest';
import { checkRopeFits, checkRopeLength, inverseFrequencies, ropeParametersSchema, rotaryTables } from '../positionEncoding';

const parse = (value: unknown) => ropeParametersSchema.parse(value);
const messageOf = (value: unknown) => ropeParametersSchema.safeParse(value).error?.issues[0].message;
const PARTIAL = parse({ rope_type: 'default', rope_theta: 100, partial_rotary_factor: 0.5 });

describe('partial_rotary_factor', () => {
  it('computes frequencies for the dims that turn, and leaves the other pairs', () => {
    // Of 8 dims 4 turn: 100^(-2j/4) for j = 0, 1.
    const { inverseFrequencies: theta } = inverseFrequencies(PARTIAL, 8, 10);
    expect([...theta]).toEqual([1, expect.closeTo(0.1, 15), 0, 0]);
    const { query, key } = rotaryTables(PARTIAL, 8, 6, 0);
    expect(key).toBe(query);
    for (let t = 0; t < 6; t++)
      expect([...query.cos.subarray(4 * t, 4 * t + 4), ...query.sin.subarray(4 * t, 4 * t + 4)]).toEqual(
        [Math.cos(t), Math.cos(t * 0.1), 1, 1, Math.sin(t), Math.sin(t * 0.1), 0, 0].map((v) => expect.closeTo(v, 14)),
      );
  });

  it('leaves the other pairs without the scales of YaRN and xPos', () => {
    const yarn = parse({ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16, partial_rotary_factor: 0.5 });
    expect(rotaryTables(yarn, 8, 3, 0).query.cos[2]).toBe(1);
    expect(rotaryTables(yarn, 8, 3, 0).query.cos[0]).toBeGreaterThan(1.1);
    const xpos = parse({ rope_type: 'xpos', scale_base: 8, partial_rotary_factor: 0.5 });
    const { query, key } = rotaryTables(xpos, 8, 3, 0);
    expect([query.cos[2], query.cos[11], key.cos[2], key.sin[11]]).toEqual([1, 1, 1, 0]);
    // zeta of 4 rotary dims: 1.6 / 5.6 and 3.6 / 5.6.
    const { decay } = inverseFrequencies(xpos, 8, 3);
    expect([...(decay ?? [])]).toEqual([(1.6 / 5.6) ** (1 / 8), (3.6 / 5.6) ** (1 / 8), 1, 1].map((v) => expect.closeTo(v, 14)));
  });

  it('rounds down as Hugging Face does, and is refused by name where that is odd or nothing', () => {
    expect([...inverseFrequencies(parse({ ...PARTIAL, partial_rotary_factor: 0.8 }), 8, 10).inverseFrequencies]).toEqual([
      1,
      expect.closeTo(100 ** (-2 / 6), 14),
      expect.closeTo(100 ** (-4 / 6), 14),
      0,
    ]);
    for (const partial_rotary_factor of [0.7, 0.1])
      expect(() => rotaryTables({ ...PARTIAL, partial_rotary_factor }, 8, 4, 0)).toThrow(
        /partial_rotary_factor times head_dim 8 to be an even number of at least 2/,
      );
    expect(messageOf({ rope_type: 'nope', partial_rotary_factor: 0 })).toBe('partial_rotary_factor must be above 0');
    expect(messageOf({ rope_type: 'linear', factor: 2, partial_rotary_factor: 1.5 })).toBe(
      'partial_rotary_factor must be at most 1',
    );
  });
});

describe('nope_layers', () => {
  it('take the rotation, and YaRN’s temperature, from those layers alone', () => {
    const yarn = parse({ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16, nope_layers: [0, 2] });
    const { nope_layers: _, ...turning } = yarn;
    expect(rotaryTables(yarn, 8, 5, 1)).toEqual(rotaryTables(parse(turning), 8, 5, 1));
    for (const layer of [0, 2])
      expect(rotaryTables(yarn, 8, 5, layer)).toEqual(rotaryTables(parse({ rope_type: 'nope' }), 8, 5, 0));
  });

  it('are refused beyond the model’s layers', () => {
    const rope = parse({ rope_type: 'default', nope_layers: [0, 4] });
    expect(() => checkRopeFits(rope, { headDim: 8, numHiddenLayers: 5 })).not.toThrow();
    expect(() => checkRopeFits(rope, { headDim: 8, numHiddenLayers: 4 })).toThrow(/nope_layers from 0 to 3, .* got 4/);
    expect(messageOf({ rope_type: 'default', nope_layers: [-1] })).toBe('nope_layers must hold layer numbers from 0');
    expect(messageOf({ rope_type: 'default', nope_layers: [1.5] })).toBe('nope_layers must hold whole numbers');
    expect(messageOf({ rope_type: 'default', nope_layers: 3 })).toBe('nope_layers must be a list of layer numbers');
  });
});

describe('an original context', () => {
  it.each(['dynamic', 'yarn', 'llama3', 'longrope'])('of %s is refused above the longest row', (rope_type) => {
    const lists = rope_type === 'longrope' && { short_factor: [1], long_factor: [1] };
    const bands = rope_type === 'llama3' && { low_freq_factor: 1, high_freq_factor: 4 };
    const rope = parse({ rope_type, factor: 2, original_max_position_embeddings: 128, ...lists, ...bands });
    expect(() => checkRopeLength(rope, 128, 'float32')).not.toThrow();
    expect(() => checkRopeLength(rope, 127, 'float32')).toThrow(/original_max_position_embeddings of at most 127, .* got 128/);
  });
});
