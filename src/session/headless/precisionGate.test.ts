import { describe, expect, it } from 'vitest';
import { halfCensus } from './precisionGate';

const SMALLEST = 2 ** -14;
/** The float32 neighbours of the two limits. */
const [JUST_BELOW, JUST_ABOVE] = [SMALLEST * (1 - 2 ** -24), 65_504 + 2 ** -8];

const censusOf = (...values: number[]) => halfCensus('tensor', new Float32Array(values));

describe('halfCensus', () => {
  it('counts what is below the smallest normal float16, of either sign, and neither zero nor the limit', () => {
    expect(censusOf(JUST_BELOW, -JUST_BELOW, 2 ** -24, 1e-30, SMALLEST, -SMALLEST, 0, -0).belowNormal).toBe(4 / 8);
  });

  it('counts what is above the largest float16, of either sign, and not the limit', () => {
    expect(censusOf(JUST_ABOVE, -JUST_ABOVE, 1e30, Number.POSITIVE_INFINITY, 65_504, -65_504, 1, 0).clamped).toBe(4 / 8);
  });

  it('keeps both shares apart, and names the tensor and its size', () => {
    expect(halfCensus('layer 0 input', new Float32Array([1e-6, 1, 1e6, -1e6]))).toEqual({
      tensor: 'layer 0 input',
      values: 4,
      belowNormal: 1 / 4,
      clamped: 2 / 4,
    });
  });
});
