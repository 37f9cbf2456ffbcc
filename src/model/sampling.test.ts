import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import { sampleToken } from './sampling';

const LOGITS = Float32Array.from([0.5, 2, -1, 2, 1, -30]);

/** Share of each id among many draws. */
function shares(logits: Float32Array, options: { temperature: number; topK: number }, draws = 20_000): number[] {
  const rng = Rng.of(0, 'sampling.test');
  const counts = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) counts[sampleToken(logits, options, rng)]++;
  return counts.map((count) => count / draws);
}

/** softmax(logits / temperature) over these ids. */
function softmax(logits: Float32Array, temperature: number, ids: readonly number[]): number[] {
  const weights = Array.from(logits, (logit, id) => (ids.includes(id) ? Math.exp(logit / temperature) : 0));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

function expectShares(actual: readonly number[], expected: readonly number[]): void {
  // Four standard errors of a share of 20,000 draws are at most 0.0142.
  for (const [id, share] of actual.entries()) expect(Math.abs(share - expected[id])).toBeLessThan(0.015);
}

describe('sampleToken', () => {
  it('takes the most likely token at temperature 0, the lowest id of equals', () => {
    const rng = Rng.of(0, 'argmax');
    const before = rng.save();
    expect(sampleToken(LOGITS, { temperature: 0, topK: 0 }, rng)).toBe(1);
    expect(sampleToken(Float32Array.from([-5]), { temperature: 0, topK: 3 }, rng)).toBe(0);
    expect(rng.save()).toEqual(before);
  });

  it.each([0.5, 1, 3])('draws from the softmax at temperature %s', (temperature) => {
    expectShares(shares(LOGITS, { temperature, topK: 0 }), softmax(LOGITS, temperature, [0, 1, 2, 3, 4, 5]));
  });

  it.each([
    [1, [1]],
    [2, [1, 3]],
    [3, [1, 3, 4]],
    [6, [0, 1, 2, 3, 4, 5]],
    [99, [0, 1, 2, 3, 4, 5]],
  ])('keeps the %s most likely tokens', (topK, ids) => {
    const actual = shares(LOGITS, { temperature: 2, topK });
    expectShares(actual, softmax(LOGITS, 2, ids));
    for (const [id, share] of actual.entries()) if (!ids.includes(id)) expect(share).toBe(0);
  });

  it('does not overflow where logits are large or the temperature is small', () => {
    const logits = Float32Array.from([3e38, -3e38, 2.9e38]);
    expect(shares(logits, { temperature: 1, topK: 0 }, 100)).toEqual([1, 0, 0]);
    expect(shares(LOGITS, { temperature: 1e-320, topK: 0 }, 100)[1]).toBeCloseTo(0.5, 0);
  });

  it('gives the same tokens for the same stream', () => {
    const draw = () => {
      const rng = Rng.of(7, 'repeat');
      return Array.from({ length: 50 }, () => sampleToken(LOGITS, { temperature: 1.5, topK: 0 }, rng));
    };
    expect(draw()).toEqual(draw());
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a logit of %s', (bad) => {
    const logits = Float32Array.from([0, bad, 1]);
    expect(() => sampleToken(logits, { temperature: 0, topK: 0 }, Rng.of(0, 'bad'))).toThrow(/finite logits, got .* for token 1/);
  });
});
