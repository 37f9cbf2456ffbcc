import { describe, expect, it } from 'vitest';
import { inverseFrequencies, ropeParametersSchema } from './positionEncoding';
import {
  cosineSum,
  decayCurve,
  firstNegativeDistance,
  granularity,
  granularityLimit,
  smallestSafeBase,
  wavelengths,
} from './ropeTheory';

const theta = (rope: object, headDim: number) =>
  inverseFrequencies(ropeParametersSchema.parse(rope), headDim, 1).inverseFrequencies;
const ROPE = { rope_type: 'default', rope_theta: 10_000 };
const PI_4 = { rope_type: 'linear', rope_theta: 10_000, factor: 4 };
const PI_8 = { rope_type: 'linear', rope_theta: 10_000, factor: 8 };
const ABF = { rope_type: 'default', rope_theta: 500_000 };

describe('decay of the all-ones score', () => {
  // Fig. 4 of arXiv 2309.16039 recomputed, head_dim 128.
  const distances = [0, 128, 512, 1024, 2048, 4096, 8192, 16_384, 30_000];
  it.each([
    ['RoPE', ROPE, [11.31, 3.77, 2.48, 2.31, 1.35, -0.6, 0.28, -1.61, -1.06]],
    ['PI 1/8', PI_8, [11.31, 7.02, 5.4, 3.77, 3.63, 2.48, 2.31, 1.35, 0.44]],
    ['ABF', ABF, [11.31, 6.81, 5.32, 5.42, 3.93, 4.33, 3.0, 1.51, 0.37]],
  ])('of %s matches the table', (_, rope, expected) => {
    const curve = decayCurve(theta(rope, 128), distances);
    expected.forEach((value, i) => {
      expect(Math.abs(curve[i] - value)).toBeLessThanOrEqual(0.00501);
    });
  });

  it('of xPos ABF matches the table', () => {
    const rope = ropeParametersSchema.parse({ rope_type: 'xpos', rope_theta: 500_000 });
    const { inverseFrequencies: frequencies, decay } = inverseFrequencies(rope, 128, 1);
    const curve = decayCurve(frequencies, distances, decay);
    [11.31, 6.37, 4.42, 3.55, 2.42, 1.52, 0.82, 0.39, 0.19].forEach((value, i) => {
      expect(Math.abs(curve[i] - value)).toBeLessThanOrEqual(0.00501);
    });
  });
});

describe('base bounds', () => {
  // Smallest bases under the criterion of Men et al. 2024, arXiv 2405.14591, derived here to two digits.
  it.each([
    [128, [3.5e4, 2.8e3, 1.2e3, 4.8e2, 3.1e2]],
    [256, [5.4e5, 8.6e3, 2.2e3, 1.4e3, 8.9e2]],
    [512, [1.3e6, 5.7e4, 1.3e4, 5.4e3, 2.1e3]],
    [1024, [1.9e7, 4.7e5, 5.8e4, 7.8e3, 4.3e3]],
    [2048, [1.6e8, 2.3e6, 2.1e5, 3.0e4, 1.2e4]],
    [4096, [null, 1.4e7, 1.2e6, 1.1e5, 2.9e4]],
  ])('at context %i match the table by head_dim', (context, expected) => {
    const found = [8, 16, 32, 64, 128].map((headDim) => smallestSafeBase(headDim, context));
    // 1.95e7 is printed 1.9e7: the table cuts where JavaScript rounds, so half a unit of the last digit is allowed either way.
    found.forEach((base, i) => {
      const printed = expected[i];
      if (base === null || printed === null) expect(base).toBe(printed);
      else expect(Math.abs(base - printed)).toBeLessThanOrEqual(0.051 * 10 ** Math.floor(Math.log10(printed)));
    });
  });

  it('finds the first negative distance that the direct sum shows', () => {
    const frequencies = theta({ rope_type: 'default', rope_theta: 250 }, 32);
    const first = firstNegativeDistance(frequencies, 512);
    expect(first).toBe(58);
    for (let m = 1; m < 58; m++) expect(cosineSum(frequencies, m)).toBeGreaterThanOrEqual(0);
    expect(cosineSum(frequencies, 58)).toBeLessThan(0);
    expect(firstNegativeDistance(frequencies, 57)).toBeNull();
  });

  it('finds it where scores also decay', () => {
    const rope = ropeParametersSchema.parse({ rope_type: 'xpos', rope_theta: 250, scale_base: 64 });
    const { inverseFrequencies: frequencies, decay } = inverseFrequencies(rope, 32, 1);
    const direct = Array.from({ length: 512 }, (_, i) => cosineSum(frequencies, i + 1, decay)).findIndex((b) => b < 0);
    expect(firstNegativeDistance(frequencies, 512, decay)).toBe(direct < 0 ? null : direct + 1);
    // What has decayed away no longer outweighs the slow pairs.
    expect(direct + 1).not.toBe(58);
  });

  it('are no threshold: 1.52e5 fails at 1,024 where 5.8e4 and 1.6e5 hold', () => {
    const safe = (base: number) => firstNegativeDistance(theta({ rope_type: 'default', rope_theta: base }, 32), 1024) === null;
    expect(safe(5.821e4)).toBe(true);
    expect(safe(1.52e5)).toBe(false);
    expect(safe(1.6e5)).toBe(true);
  });
});

describe('granularity', () => {
  // The quantity of Theorem 1, arXiv 2309.16039, appendix B.
  it.each([
    [32, [0.1307, 0.0355, 0.0178, 0.1008]],
    [64, [0.1163, 0.0311, 0.0156, 0.0858]],
    [128, [0.1094, 0.029, 0.0146, 0.0788]],
    [4096, [0.1029, 0.0271, 0.0136, 0.0723]],
  ])('at head_dim %i matches the table', (headDim, expected) => {
    [ROPE, PI_4, PI_8, ABF].forEach((rope, i) => {
      expect(granularity(theta(rope, headDim))).toBeCloseTo(expected[i], 4);
    });
  });
});

describe('wavelengths', () => {
  it('run from 2 pi to almost 2 pi times the base', () => {
    const found = wavelengths(theta(ROPE, 8));
    [1, 10, 100, 1000].forEach((turns, j) => {
      expect(found[j]).toBeCloseTo(2 * Math.PI * turns, 8);
    });
  });

  it('are those of the pairs that turn', () => {
    expect(wavelengths(theta({ ...ROPE, partial_rotary_factor: 0.5 }, 8))).toHaveLength(2);
    expect(wavelengths(theta({ rope_type: 'nope' }, 8))).toHaveLength(0);
  });
});

describe('the printed limits of granularity', () => {
  it.each([
    ['PI 1/4', 1 / 4, 1e4, 0.027],
    ['ABF', 1, 5e5, 0.076],
    ['PI 1/8', 1 / 8, 1e4, 0.0136],
  ])('%s is the paper’s, and lies within its bounds', (_, alpha, base, printed) => {
    const { limit, lower, upper } = granularityLimit(alpha, base);
    expect(Number(limit.toFixed(printed < 0.02 ? 4 : 3))).toBe(printed);
    expect(lower).toBeLessThan(upper);
    expect(upper).toBeLessThan(limit);
  });

  it('bound the mean form at d = 4,096, which a plain sum would pass by 2,048 times', () => {
    for (const [rope, alpha, base] of [
      [PI_8, 1 / 8, 1e4],
      [ABF, 1, 5e5],
    ] as const) {
      const { lower, upper } = granularityLimit(alpha, base);
      const mean = granularity(theta(rope, 4096));
      expect(mean).toBeGreaterThan(lower);
      // A finite sum of falling terms lies above its integral by half its first.
      expect(mean).toBeLessThan(upper + 1 / 2048);
    }
  });
});
