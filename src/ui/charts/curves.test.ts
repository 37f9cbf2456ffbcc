import { describe, expect, it } from 'vitest';
import { alignSeries } from './chartModel';
import { toCsv } from './csv';
import { decimate } from './decimate';
import { smooth } from './smoothing';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('smooth', () => {
  it('leaves a constant as it is from the first value on', () => {
    for (const mean of smooth([3, 3, 3, 3], 8)) expect(mean).toBeCloseTo(3, 12);
  });

  it('forgets half of the past in one half-life', () => {
    const step = [...new Array(200).fill(0), ...new Array(8).fill(1)];
    expect(smooth(step, 8).at(-1)).toBeCloseTo(0.5, 6);
  });

  it('skips values that are not finite', () => {
    for (const mean of smooth([2, Number.NaN, 2], 4)) expect(mean).toBeCloseTo(2, 12);
  });

  it('is the identity without a half-life', () => {
    expect([...smooth([1, 5, 2], 0)]).toEqual([1, 5, 2]);
  });
});

describe('decimate', () => {
  it('keeps every point of a short curve', () => {
    expect(decimate({ x: range(10), y: range(10) }, 0, 9, 100)).toEqual(range(10));
  });

  it('keeps a single spike of a long one', () => {
    const y = range(100_000).map((i) => (i === 54_321 ? 9 : 0));
    const kept = decimate({ x: range(100_000), y }, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 300);
    expect(kept).toContain(54_321);
    expect(kept.length).toBeLessThan(1300);
    expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
    expect(kept.at(0)).toBe(0);
    expect(kept.at(-1)).toBe(99_999);
  });

  it('keeps one neighbour outside the visible range', () => {
    expect(decimate({ x: range(10), y: range(10) }, 3, 5, 100)).toEqual([2, 3, 4, 5, 6]);
  });

  it('has nothing to keep of an empty curve', () => {
    expect(decimate({ x: [], y: [] }, 0, 1, 10)).toEqual([]);
  });
});

describe('alignSeries', () => {
  it('puts curves with their own x on one sorted axis', () => {
    const aligned = alignSeries(
      [
        { x: [0, 2], y: [1, 3] },
        { x: [1, 2], y: [5, Number.NaN] },
      ],
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    );
    expect(aligned).toEqual([
      [0, 1, 2],
      [1, null, 3],
      [null, 5, null],
    ]);
  });
});

describe('toCsv', () => {
  it('quotes what needs it and keeps numbers whole', () => {
    expect(toCsv({ columns: ['name', 'loss'], rows: [['a, "b"', 0.1 + 0.2]] })).toBe(
      'name,loss\r\n"a, ""b""",0.30000000000000004\r\n',
    );
  });
});
