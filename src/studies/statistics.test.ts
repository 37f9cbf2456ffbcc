import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import { holm, meanInterval, pairedDifference, tDistribution, tQuantile, verdictOf } from './statistics';

describe('Student’s t', () => {
  // Printed tables of the 97.5 % and 95 % quantiles.
  it.each([
    [1, 12.706, 6.314],
    [2, 4.303, 2.92],
    [3, 3.182, 2.353],
    [4, 2.776, 2.132],
    [7, 2.365, 1.895],
    [30, 2.042, 1.697],
  ])('has the printed quantiles at %i degrees of freedom', (degrees, two, one) => {
    expect(tQuantile(0.975, degrees)).toBeCloseTo(two, 3);
    expect(tQuantile(0.95, degrees)).toBeCloseTo(one, 3);
    expect(tDistribution(-two, degrees)).toBeCloseTo(0.025, 4);
  });
});

describe('paired differences', () => {
  it('cancel what the seeds share', () => {
    const { mean, interval, p } = pairedDifference([10.1, 20.2, 30.15], [10, 20, 30]);
    expect(mean).toBeCloseTo(0.15);
    // Standard deviation 0.05, three pairs: 0.15 +- 4.3027 x 0.05 / sqrt 3.
    expect(interval![0]).toBeCloseTo(0.15 - 0.1242, 4);
    expect(interval![1]).toBeCloseTo(0.15 + 0.1242, 4);
    expect(p).toBeCloseTo(0.0351, 3);
  });

  it('hold the true mean in 95 % of samples', () => {
    const rng = Rng.of(1, 'coverage');
    let held = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const { interval } = meanInterval(Array.from({ length: 5 }, () => 3 + rng.normal()));
      held += Number(interval![0] < 3 && interval![1] > 3);
    }
    expect(held / 2000).toBeGreaterThan(0.935);
    expect(held / 2000).toBeLessThan(0.965);
  });

  it('claim nothing from one seed, and everything from seeds that agree exactly', () => {
    expect(pairedDifference([1], [2])).toEqual({ differences: [-1], mean: -1 });
    expect(verdictOf({ mean: -1 }, undefined)).toBe('too few seeds');
    expect(pairedDifference([1, 2], [0, 1]).p).toBe(0);
    expect(pairedDifference([1, 2], [1, 2]).p).toBe(1);
  });
});

describe('Holm', () => {
  it('adjusts in steps and never lets a larger p pass a smaller one', () => {
    expect(holm([0.04, 0.01, undefined, 0.03])).toEqual([0.06, 0.03, undefined, 0.06]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
  });

  it('decides at 5 %', () => {
    expect(verdictOf({ mean: -0.1 }, 0.049)).toBe('lower');
    expect(verdictOf({ mean: 0.1 }, 0.001)).toBe('higher');
    expect(verdictOf({ mean: 0.1 }, 0.05)).toBe('not distinguishable');
  });
});
