import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import { type AttentionProblem, attentionBackward, attentionForward } from './attention';
import { attentionStatistics, distanceBin } from './attentionStatistics';
import { centralDifferences } from './finiteDifference';

const rng = Rng.of(0, 'attention.test');
const normal = (length: number) => Float64Array.from({ length }, () => rng.normal());

/** Two rows of five tokens, four query heads on two kv heads; row 1 holds two documents. */
function problem(): AttentionProblem {
  const [B, T, N, K, H] = [2, 5, 4, 2, 6];
  const docStart = [0, 0, 0, 0, 0, 0, 0, 2, 2, 2];
  return { q: normal(B * T * N * H), k: normal(B * T * K * H), v: normal(B * T * K * H), B, T, N, K, H, docStart, scale: 0.4 };
}

describe('attention', () => {
  it('copies the value where a document starts', () => {
    const given = problem();
    const { o, lse } = attentionForward(given);
    // Row 1, position 2 sees itself only; query head 3 reads kv head 1.
    const query = ((5 + 2) * 4 + 3) * 6;
    const key = ((5 + 2) * 2 + 1) * 6;
    expect([...o.slice(query, query + 6)]).toEqual([...given.v.slice(key, key + 6)]);
    const score = given.q.slice(query, query + 6).reduce((sum, value, i) => sum + value * given.k[key + i], 0);
    expect(lse[(4 + 3) * 5 + 2]).toBeCloseTo(0.4 * score, 12);
  });

  it('averages values where keys are equal', () => {
    const given = { ...problem(), k: new Float64Array(2 * 5 * 2 * 6) };
    const { o, lse } = attentionForward(given);
    expect(lse[4]).toBeCloseTo(Math.log(5), 12);
    const mean = [0, 1, 2, 3, 4].reduce((sum, s) => sum + given.v[s * 2 * 6] / 5, 0);
    expect(o[4 * 4 * 6]).toBeCloseTo(mean, 12);
  });

  it('does not see the future or another document', () => {
    const given = problem();
    const before = attentionForward(given).o;
    const v = given.v.slice();
    for (let i = (5 + 1) * 2 * 6; i < (5 + 2) * 2 * 6; i++) v[i] += 1;
    const after = attentionForward({ ...given, v }).o;
    const changed = [...before.keys()].filter((i) => before[i] !== after[i]).map((i) => Math.floor(i / (4 * 6)));
    expect([...new Set(changed)]).toEqual([6]);
  });

  it('has the gradients that differences show', () => {
    const given = problem();
    const dO = normal(given.q.length);
    const grads = attentionBackward(given, dO);
    for (const name of ['q', 'k', 'v'] as const) {
      const loss = (probe: Float64Array) =>
        attentionForward({ ...given, [name]: probe }).o.reduce((sum, o, i) => sum + o * dO[i], 0);
      const expected = centralDifferences(loss, given[name]);
      grads[`d${name}`].forEach((value, i) => {
        expect(Math.abs(value - expected[i]), `d${name}[${i}]`).toBeLessThan(1e-8);
      });
    }
  });
});

describe('attention statistics', () => {
  it('bins distances by powers of two', () => {
    expect([0, 1, 2, 3, 4, 7, 8, 32_767, 32_768].map(distanceBin)).toEqual([0, 1, 2, 2, 3, 3, 4, 15, 16]);
  });

  it('equal their uniform reference where attention is uniform', () => {
    const given = { ...problem(), k: new Float64Array(2 * 5 * 2 * 6) };
    const { heads, uniform } = attentionStatistics(given, [4, 9]);
    expect(heads).toHaveLength(4);
    // Queries 4 (0 .. 4) and 9 (document 2 .. 4 of row 1): mean of 2 and 1, of 1/5 and 1/3.
    expect(uniform.meanDistance).toBeCloseTo(1.5, 12);
    expect(uniform.firstTokenMass).toBeCloseTo((1 / 5 + 1 / 3) / 2, 12);
    expect(uniform.entropy).toBeCloseTo((Math.log(5) + Math.log(3)) / 2, 12);
    // Without the first token: (6/5 + 1/3) / (4/5 + 2/3).
    expect(uniform.meanDistanceWithoutFirst).toBeCloseTo((6 / 5 + 1 / 3) / (4 / 5 + 2 / 3), 12);
    for (const head of heads) {
      expect(head.entropy).toBeCloseTo(uniform.entropy, 12);
      expect([...head.histogram]).toEqual([...uniform.histogram].map((mass) => expect.closeTo(mass, 12)));
    }
  });

  it('follow a direct sum over the definition', () => {
    const given = problem();
    const { heads } = attentionStatistics(given);
    const { q, k, T, N, K, H, docStart, scale } = given;
    const n = 1;
    let [far, farWithoutFirst, retained] = [0, 0, 0];
    for (let m = 0; m < 10; m++) {
      const [b, t] = [Math.floor(m / T), m % T];
      const scores = Array.from({ length: T }, (_, s) => {
        if (s < docStart[m] || s > t) return 0;
        let score = 0;
        for (let h = 0; h < H; h++) score += q[(m * N + n) * H + h] * k[((b * T + s) * K + Math.floor((n * K) / N)) * H + h];
        return Math.exp(scale * score);
      });
      const sum = scores.reduce((total, score) => total + score, 0);
      scores.forEach((score, s) => {
        far += ((score / sum) * (t - s)) / 10;
        if (s === docStart[m]) return;
        farWithoutFirst += (score / sum) * (t - s);
        retained += score / sum;
      });
    }
    expect(heads[n].meanDistance).toBeCloseTo(far, 12);
    expect(heads[n].meanDistanceWithoutFirst).toBeCloseTo(farWithoutFirst / retained, 12);
    expect(heads[n].retainedMass).toBeCloseTo(retained / 10, 12);
    expect(heads[n].massByDistance.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 12);
    expect(heads[n].histogram.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 12);
  });
});
