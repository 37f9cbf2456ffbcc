import { describe, expect, it } from 'vitest';
import { type Dispatch, equalRanges } from './dispatch';
import { type Pace, paced, paceOf, UNPACED } from './pace';

/** A call of so many units of one FLOP, which is cut at multiples of `grain`. */
function call(label: string, units: number, grain = 1): Dispatch {
  return {
    label,
    shader: 'unit',
    constants: {},
    tensors: {},
    params: {},
    workgroups: [1, 1, 1],
    flops: units,
    bytes: 0,
    split: (pieces) =>
      equalRanges(units, pieces, grain).map(([first, end]) => call(`${label}[${first},${end})`, end - first, grain)),
  };
}

/** One millisecond a FLOP. */
const pace = (maxDispatchMs: number, maxSubmitMs: number): Pace => ({
  maxDispatchMs,
  maxSubmitMs,
  estimateMs: ({ flops }) => flops,
});

describe('paced', () => {
  it('cuts only what is too long, and loses nothing', () => {
    const { dispatches } = paced([call('short', 9), call('long', 35)], pace(10, 100));
    expect(dispatches.map(({ flops }) => flops)).toEqual([9, 9, 9, 8, 9]);
    expect(dispatches[0].label).toBe('short');
  });

  it('cuts finer where pieces come out unequal', () => {
    const { dispatches } = paced([call('long', 35, 7)], pace(10, 100));
    expect(dispatches.map(({ flops }) => flops)).toEqual([7, 7, 7, 7, 7]);
  });

  it('leaves a call that cannot be cut far enough at its finest', () => {
    const { dispatches } = paced([call('coarse', 60, 20)], pace(10, 100));
    expect(dispatches.map(({ flops }) => flops)).toEqual([20, 20, 20]);
  });

  it('fills submits up to their limit, each with one call at least', () => {
    const { submits } = paced([call('a', 4), call('b', 4), call('c', 4), call('d', 25, 25)], pace(100, 10));
    expect(submits).toEqual([
      { first: 0, end: 2, ms: 8 },
      { first: 2, end: 3, ms: 4 },
      { first: 3, end: 4, ms: 25 },
    ]);
  });

  it('leaves everything in one submit where there is no limit', () => {
    const { dispatches, submits } = paced([call('a', 1e12), call('b', 1e12)], UNPACED);
    expect(dispatches).toHaveLength(2);
    expect(submits).toEqual([{ first: 0, end: 2, ms: 0 }]);
  });
});

describe('paceOf', () => {
  const rates = { flopsPerSecond: { unit: 2000 }, otherFlopsPerSecond: 1000, bytesPerSecond: 4000 };

  it('expects the longer of a call’s arithmetic and its bytes', () => {
    const { estimateMs } = paceOf(rates);
    expect(estimateMs({ ...call('a', 100), bytes: 8 })).toBe(50);
    expect(estimateMs({ ...call('a', 100), bytes: 4000 })).toBe(1000);
    expect(estimateMs({ ...call('a', 100), shader: 'unmeasured' })).toBe(100);
  });

  it('keeps headroom below the limits', () => {
    const { maxDispatchMs, maxSubmitMs } = paceOf(rates, { maxDispatchMs: 10, maxSubmitMs: 40 });
    expect(maxDispatchMs).toBeLessThan(10);
    expect(maxSubmitMs).toBeLessThan(40);
  });
});
