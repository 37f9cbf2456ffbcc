import { describe, expect, it } from 'vitest';
import { batchFromIds } from '../core/batch';
import { documentBounds } from './upload';

/** Bounds of rows whose documents have these lengths. */
function boundsOf(rows: number[][]): [start: number, end: number][] {
  const documents = rows.map((lengths) => lengths.flatMap((length, document) => Array<number>(length).fill(document)));
  const bounds = documentBounds(batchFromIds(documents, documents));
  return Array.from({ length: bounds.length / 2 }, (_, i) => [bounds[2 * i], bounds[2 * i + 1]]);
}

/** Directly from the definition: where a token's document starts, and one past its last. */
function expected(rows: number[][]): [start: number, end: number][] {
  return rows.flatMap((lengths) => {
    let start = 0;
    return lengths.flatMap((length) => {
      const bounds: [number, number] = [start, start + length];
      start += length;
      return Array<[number, number]>(length).fill(bounds);
    });
  });
}

describe('documentBounds', () => {
  it.each([
    ['one document', [[5]]],
    ['a single token', [[1]]],
    ['documents of one token', [[1, 1, 1]]],
    ['several documents', [[2, 1, 4]]],
    ['rows apart: positions count from each row', [[3, 3], [6], [1, 5]]],
  ])('%s', (_, rows) => {
    expect(boundsOf(rows)).toEqual(expected(rows));
  });

  it('is what a worked example says', () => {
    expect(boundsOf([[2, 3]])).toEqual([
      [0, 2],
      [0, 2],
      [2, 5],
      [2, 5],
      [2, 5],
    ]);
  });
});
