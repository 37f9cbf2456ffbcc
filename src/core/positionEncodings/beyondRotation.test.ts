import { describe, expect, it } from 'vitest';
import { InputError } from '../errors';
import { checkRopeLength, inverseFrequencies, type RopeParameters, type RotaryTable, rotaryTables } from '../positionEncoding';
import { longestXposRow } from './beyondRotation';

const XPOS: RopeParameters = { rope_type: 'xpos', rope_theta: 500_000, scale_base: 512 };

/** x (head_dim) turned as the kernels do: pair j is (j, j + head_dim/2). */
function turn(x: number[], { cos, sin }: RotaryTable, position: number): number[] {
  const half = x.length / 2;
  return x.map((value, i) => {
    const at = position * half + (i % half);
    return i < half ? value * cos[at] - x[i + half] * sin[at] : value * cos[at] + x[i - half] * sin[at];
  });
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);

describe('xPos', () => {
  it('has the all-ones scores of the paper’s figure 4, through tables', () => {
    const d = 128;
    const length = 30_001;
    const { query, key } = rotaryTables(XPOS, d, length, 0);
    const ones = new Array<number>(d).fill(1);
    const distances = [0, 128, 512, 1024, 2048, 4096, 8192, 16_384, 30_000];
    [11.31, 6.37, 4.42, 3.55, 2.42, 1.52, 0.82, 0.39, 0.19].forEach((printed, i) => {
      const score = dot(turn(ones, query, distances[i]), turn(ones, key, 0)) / Math.sqrt(d);
      expect(Math.abs(score - printed)).toBeLessThanOrEqual(0.00501);
    });
  });

  it('scores random vectors as complex numbers do, by distance alone, at any length of the table', () => {
    const d = 8;
    const q = [0.3, -1.2, 0.7, 0.1, 1.9, -0.4, -0.8, 0.6];
    const k = [-0.5, 0.9, 1.1, -0.2, 0.4, 1.3, -0.7, 0.2];
    // Re(q_j conj(k_j) (zeta_j^(1/scale) e^(i theta_j))^m), with the power taken by repeated multiplication.
    const expected = (m: number) => {
      let sum = 0;
      for (let j = 0; j < d / 2; j++) {
        const scale = ((2 * j + 0.4 * d) / (1.4 * d)) ** (1 / 16);
        const theta = 100 ** (-(2 * j) / d);
        let [re, im] = [q[j] * k[j] + q[j + d / 2] * k[j + d / 2], q[j + d / 2] * k[j] - q[j] * k[j + d / 2]];
        for (let step = 0; step < m; step++) {
          [re, im] = [
            scale * (re * Math.cos(theta) - im * Math.sin(theta)),
            scale * (re * Math.sin(theta) + im * Math.cos(theta)),
          ];
        }
        sum += re;
      }
      return sum;
    };
    for (const length of [41, 64, 100]) {
      const { query, key } = rotaryTables({ rope_type: 'xpos', rope_theta: 100, scale_base: 16 }, d, length, 0);
      for (const [n, m] of [
        [0, 0],
        [40, 0],
        [40, 17],
        [39, 38],
      ])
        expect(dot(turn(q, query, n), turn(k, key, m))).toBeCloseTo(expected(n - m), 11);
    }
  });

  it('keeps its factors in the range of the number format, or refuses by name', () => {
    const { query, key } = rotaryTables({ ...XPOS, scale_base: 1 }, 4, longestXposRow(1, 'float32'), 0);
    for (const { cos, sin } of [query, key])
      for (let i = 0; i < cos.length; i++) {
        const size = Math.hypot(cos[i], sin[i]);
        expect(size).toBeLessThan(1.01e18);
        expect(size).toBeGreaterThan(0.99e-18);
      }
    const { query: longest } = rotaryTables(XPOS, 4, 32_768, 0);
    expect(longest.cos.every((value) => Number.isFinite(Math.fround(value)))).toBe(true);
    expect(() => rotaryTables({ ...XPOS, scale_base: 256 }, 4, 32_768, 0)).toThrow(
      /rope_parameters\.scale_base of at least 496 for rows of 32768 tokens in float32, got 256/,
    );
    expect(() => rotaryTables({ ...XPOS, scale_base: 496 }, 4, 32_768, 0)).not.toThrow();
    expect(() => checkRopeLength({ ...XPOS, scale_base: 16 }, 1024, 'float32')).not.toThrow();
    expect(() => checkRopeLength({ ...XPOS, scale_base: 16 }, 1024, 'float16')).toThrow(/scale_base of at least 93 .*float16/);
  });
});

describe('NoPE', () => {
  it('turns nothing', () => {
    const { query, key } = rotaryTables({ rope_type: 'nope', rope_theta: 10_000 }, 6, 5, 0);
    expect(key).toBe(query);
    expect([...query.cos]).toEqual(new Array(15).fill(1));
    expect([...query.sin]).toEqual(new Array(15).fill(0));
    expect([...inverseFrequencies({ rope_type: 'nope', rope_theta: 10_000 }, 6, 5).inverseFrequencies]).toEqual([0, 0, 0]);
  });

  it('refuses head sizes without halves, as every encoding does', () => {
    expect(() => rotaryTables({ rope_type: 'nope', rope_theta: 10_000 }, 7, 5, 0)).toThrow(InputError);
  });
});
